// SPDX-License-Identifier: Apache-2.0
// Charts in their places: what the reports have in common.
"use strict";

// Draw a chart into an element (or the one of that id) inside a figure; `says` tells it in a sentence. Returns the view
// and the element.
async function embed(id, spec, options = {}) {
  await breathe();
  const container = typeof id === "string" ? $(id) : id, caption = container.closest("figure").querySelector("figcaption");
  const { view } = await vegaEmbed(container, spec, {
    ast: true, renderer: options.canvas ? "canvas" : "svg", actions: false, config: { aria: false },
    tooltip: { disableDefaultStyle: true, ...(options.tell && { formatTooltip: (datum, clean) => rowsOf(options.tell(datum), clean) }) },
  });
  container.setAttribute("role", "img");
  container.setAttribute("aria-label", options.says);
  container.querySelector("svg, canvas").setAttribute("aria-hidden", "true"); // its texts say less, and halos all twice
  if (!options.small && !caption.querySelector(".save"))
    caption.append(saveButton(container, caption.firstChild.textContent.trim()));
  return { view, container };
}

// A chart as a file of its own, in which the page's colours are what they are now.
function pictureOf(container) {
  const canvas = container.querySelector("canvas"), style = getComputedStyle(document.documentElement);
  if (canvas) return [canvas.toDataURL(), "png"];
  const drawn = new XMLSerializer().serializeToString(container.querySelector("svg"));
  const text = drawn.replace(/var\((--\w+)\)/g, (_, name) => style.getPropertyValue(name));
  return [`data:image/svg+xml,${encodeURIComponent(text)}`, "svg"];
}

function saveButton(container, title) {
  const button = make("button", { type: "button", className: "save", title: "save this chart" }, "save");
  button.setAttribute("aria-label", `save the chart: ${title}`);
  button.addEventListener("click", () => {
    const [href, ending] = pictureOf(container);
    make("a", { href, download: `ockham-${container.id}.${ending}` }).click();
  });
  return button;
}

// Let the browser show what is there.
const breathe = () => new Promise((resolve) => { setTimeout(resolve); });
