# SPDX-License-Identifier: Apache-2.0
# Written by tools/gen_ffi from include/ockham/: change those, and run it again.
"""The public headers of libockham, as they are: their comments say what everything means."""

from __future__ import annotations

import ctypes as c
from typing import Any

from ockham._library import declare

OCKHAM_OK = 0
OCKHAM_BAD_ARGUMENT = 1
OCKHAM_BAD_DATA = 2
OCKHAM_BAD_FILE = 3
OCKHAM_IO = 4
OCKHAM_CANNOT_WRITE = 5
OCKHAM_NO_MEMORY = 6
OCKHAM_UNSUPPORTED = 7
OCKHAM_INTERRUPTED = 8
OCKHAM_STATUS_COUNT = 9
OCKHAM_FLOAT64 = 0
OCKHAM_FLOAT32 = 1
OCKHAM_DESIGN_FULL = 0
OCKHAM_DESIGN_FRACTION = 1
OCKHAM_DESIGN_D_OPTIMAL = 2
OCKHAM_DESIGN_ADD_ONE_IN = 3
OCKHAM_DESIGN_LEAVE_ONE_OUT = 4
OCKHAM_N_DESIGNS = 5
OCKHAM_ACCOUNT_FLOPS = 0
OCKHAM_ACCOUNT_PARAMETERS = 1
OCKHAM_ACCOUNT_TIME = 2
OCKHAM_N_ACCOUNTS = 3
OCKHAM_CLAIM_HELPS = 0
OCKHAM_CLAIM_HURTS = 1
OCKHAM_CLAIM_NEGLIGIBLE = 2
OCKHAM_CLAIM_GROWS = 3
OCKHAM_CLAIM_VANISHES = 4
OCKHAM_CLAIM_SUBMULTIPLICATIVE = 5
OCKHAM_PURPOSE_DESIGN = 0
OCKHAM_PURPOSE_BASELINE = 1
OCKHAM_PURPOSE_RECIPE = 2
OCKHAM_PURPOSE_ADD_ONE_IN = 3
OCKHAM_PURPOSE_LEAVE_ONE_OUT = 4
OCKHAM_PURPOSE_PROBE = 5
OCKHAM_PURPOSE_PILOT = 6
OCKHAM_N_PURPOSES = 7
OCKHAM_OUTCOME_WAITING = 0
OCKHAM_OUTCOME_DONE = 1
OCKHAM_OUTCOME_DIVERGED = 2
OCKHAM_OUTCOME_FAILED = 3
OCKHAM_OUTCOME_TIMED_OUT = 4
OCKHAM_N_OUTCOMES = 5
OCKHAM_EFFECT_HELPS = 0
OCKHAM_EFFECT_HURTS = 1
OCKHAM_EFFECT_NEGLIGIBLE = 2
OCKHAM_EFFECT_UNDECIDED = 3
OCKHAM_N_EFFECT_VERDICTS = 4
OCKHAM_TREND_UNKNOWN = 0
OCKHAM_TREND_CONSTANT = 1
OCKHAM_TREND_GROWS = 2
OCKHAM_TREND_VANISHES = 3
OCKHAM_TREND_CROSSES = 4
OCKHAM_N_TRENDS = 5
OCKHAM_ANSWER_YES = 0
OCKHAM_ANSWER_NO = 1
OCKHAM_ANSWER_OPEN = 2
OCKHAM_N_ANSWERS = 3
OCKHAM_ALGORITHM_AUTO = 0
OCKHAM_ALGORITHM_LLOYD = 1
OCKHAM_ALGORITHM_BOUNDS = 2
OCKHAM_PRECISION_AUTO = 0
OCKHAM_PRECISION_DOUBLE = 1
OCKHAM_EII = 0
OCKHAM_VII = 1
OCKHAM_EEI = 2
OCKHAM_VEI = 3
OCKHAM_EVI = 4
OCKHAM_VVI = 5
OCKHAM_EEE = 6
OCKHAM_VEE = 7
OCKHAM_EVE = 8
OCKHAM_VVE = 9
OCKHAM_EEV = 10
OCKHAM_VEV = 11
OCKHAM_EVV = 12
OCKHAM_VVV = 13
OCKHAM_N_COVARIANCES = 14
OCKHAM_SHAPE_COMPONENTS = 0
OCKHAM_SHAPE_STUDENT = 1
OCKHAM_SHAPE_SKEWED = 2
OCKHAM_SHAPE_BOX = 3
OCKHAM_MAXIMUM = 0
OCKHAM_MINIMUM = 1
OCKHAM_KNEE = 2
OCKHAM_RULE = 3
OCKHAM_EVIDENCE_CURVE = 0
OCKHAM_EVIDENCE_MIXTURES = 1
OCKHAM_EVIDENCE_ROWS = 2
OCKHAM_EVIDENCE_PAIRS = 3
OCKHAM_EVIDENCE_RESAMPLES = 4
OCKHAM_MISSING_ERROR = 0
OCKHAM_MISSING_DROP = 1
OCKHAM_MISSING_MEAN = 2
OCKHAM_MISSING_KEEP = 3
OCKHAM_HEADER_FIND = 0
OCKHAM_HEADER_PRESENT = 1
OCKHAM_HEADER_ABSENT = 2
OCKHAM_SCALE_AUTO = 0
OCKHAM_SCALE_NONE = 1
OCKHAM_SCALE_STANDARD = 2
OCKHAM_SCALE_ROBUST = 3
OCKHAM_LM_ARCHITECTURE_CAUSAL = 0
OCKHAM_LM_ARCHITECTURE_PREFIX = 1
OCKHAM_LM_ARCHITECTURE_ENCODER_DECODER = 2
OCKHAM_LM_ARCHITECTURE_ENCODER_DECODER_HALVES = 3
OCKHAM_LM_N_ARCHITECTURES = 4
OCKHAM_LM_OBJECTIVE_FLM = 0
OCKHAM_LM_OBJECTIVE_PLM = 1
OCKHAM_LM_OBJECTIVE_MLM = 2
OCKHAM_LM_OBJECTIVE_UL2 = 3
OCKHAM_LM_OBJECTIVE_DENOISING_CLM = 4
OCKHAM_LM_OBJECTIVE_FIM = 5
OCKHAM_LM_N_OBJECTIVES = 6
OCKHAM_LM_NORM_PLACE_PRE = 0
OCKHAM_LM_NORM_PLACE_POST = 1
OCKHAM_LM_NORM_PLACE_OUTPUT = 2
OCKHAM_LM_NORM_PLACE_SANDWICH = 3
OCKHAM_LM_NORM_PLACE_REZERO = 4
OCKHAM_LM_N_NORM_PLACES = 5
OCKHAM_LM_NORM_RMS = 0
OCKHAM_LM_NORM_LAYER = 1
OCKHAM_LM_N_NORMS = 2
OCKHAM_LM_POSITION_ROPE = 0
OCKHAM_LM_POSITION_LEARNED = 1
OCKHAM_LM_POSITION_SINUSOIDAL = 2
OCKHAM_LM_POSITION_ALIBI = 3
OCKHAM_LM_POSITION_T5 = 4
OCKHAM_LM_POSITION_NONE = 5
OCKHAM_LM_N_POSITIONS = 6
OCKHAM_LM_FFN_SWIGLU = 0
OCKHAM_LM_FFN_GEGLU = 1
OCKHAM_LM_FFN_REGLU = 2
OCKHAM_LM_FFN_GELU = 3
OCKHAM_LM_FFN_RELU = 4
OCKHAM_LM_FFN_RELU2 = 5
OCKHAM_LM_FFN_SILU = 6
OCKHAM_LM_N_FFNS = 7
OCKHAM_LM_INIT_FAN_IN = 0
OCKHAM_LM_INIT_FAN_IN_UNSCALED = 1
OCKHAM_LM_INIT_GPT2 = 2
OCKHAM_LM_INIT_XAVIER = 3
OCKHAM_LM_INIT_T5 = 4
OCKHAM_LM_INIT_MUP = 5
OCKHAM_LM_INIT_ZERO_OUTPUT = 6
OCKHAM_LM_N_INITS = 7
OCKHAM_LM_ATTENTION_MHA = 0
OCKHAM_LM_ATTENTION_GQA = 1
OCKHAM_LM_ATTENTION_MQA = 2
OCKHAM_LM_N_ATTENTIONS = 3
OCKHAM_LM_MASK_FULL = 0
OCKHAM_LM_MASK_LOCAL = 1
OCKHAM_LM_MASK_STRIDED = 2
OCKHAM_LM_MASK_ALTERNATING = 3
OCKHAM_LM_N_MASKS = 4
OCKHAM_LM_BLOCK_SERIAL = 0
OCKHAM_LM_BLOCK_PARALLEL = 1
OCKHAM_LM_N_BLOCKS = 2
OCKHAM_LM_TYING_TIED = 0
OCKHAM_LM_TYING_UNTIED = 1
OCKHAM_LM_N_TYINGS = 2
OCKHAM_LM_ORDER_FORWARD = 0
OCKHAM_LM_ORDER_REVERSE = 1
OCKHAM_LM_N_ORDERS = 2
OCKHAM_LM_TOKENS_BYTE = 0
OCKHAM_LM_TOKENS_BPE = 1
OCKHAM_LM_N_TOKENSS = 2
OCKHAM_LM_OPTIMIZER_ADAMW = 0
OCKHAM_LM_OPTIMIZER_MUON = 1
OCKHAM_LM_OPTIMIZER_SGD = 2
OCKHAM_LM_N_OPTIMIZERS = 3
OCKHAM_LM_SCHEDULE_COSINE = 0
OCKHAM_LM_SCHEDULE_LINEAR = 1
OCKHAM_LM_SCHEDULE_CONSTANT = 2
OCKHAM_LM_N_SCHEDULES = 3
OCKHAM_LM_PRECISION_F32 = 0
OCKHAM_LM_PRECISION_BF16 = 1
OCKHAM_LM_N_PRECISIONS = 2
OCKHAM_LM_CHOICE = 0
OCKHAM_LM_COUNT = 1
OCKHAM_LM_FLAG = 2
OCKHAM_LM_REAL = 3
OCKHAM_COLUMN_NUMBER = 0
OCKHAM_COLUMN_CATEGORY = 1
OCKHAM_COLUMN_INPUT = 0
OCKHAM_COLUMN_OUTPUT = 1
OCKHAM_SIGNAL_CLUSTERS = 0
OCKHAM_SIGNAL_DISTANCE = 1
OCKHAM_SIGNAL_DIRECTION = 2
OCKHAM_SIGNAL_COLUMN = 3
OCKHAM_SIGNAL_OUTPUT = 4
OCKHAM_SIGNAL_MISSING = 5
OCKHAM_N_SIGNAL_KINDS = 6
OCKHAM_GROUP_INPUTS = 0
OCKHAM_GROUP_OUTPUTS = 1
OCKHAM_GROUP_MISSING = 2
OCKHAM_GROUP_LATENCY = 3
OCKHAM_GROUP_ERRORS = 4
OCKHAM_N_SIGNAL_GROUPS = 5
OCKHAM_DETECTOR_EWMA = 0
OCKHAM_DETECTOR_CHI2 = 1
OCKHAM_DETECTOR_KS = 2
OCKHAM_DETECTOR_WASSERSTEIN = 3
OCKHAM_DETECTOR_MMD = 4
OCKHAM_DETECTOR_PAGE_HINKLEY = 5
OCKHAM_DETECTOR_ADWIN = 6
OCKHAM_DETECTOR_KSWIN = 7
OCKHAM_DETECTOR_CUSUM = 8
OCKHAM_N_DETECTORS = 9
OCKHAM_DRIFT_NONE = 0
OCKHAM_DRIFT_TRIVIAL = 1
OCKHAM_DRIFT_FOUND = 2
OCKHAM_FORMAT_TEXT = 0
OCKHAM_FORMAT_JSON = 1
OCKHAM_X_MEANS = 0
OCKHAM_G_MEANS = 1
OCKHAM_DENSITY_CLUSTERS = 1000
OCKHAM_DRIFT_BLOCK = 16
OCKHAM_DRIFT_EXAMPLES = 5
OCKHAM_DRIFT_KEPT_ROWS = 512
OCKHAM_DRIFT_MIN_EFFECT = 0.005
OCKHAM_DRIFT_MOST_EPISODES = 64
OCKHAM_DRIFT_MOST_POINTS = 512
OCKHAM_DRIFT_PAGE_COLUMNS = 60
OCKHAM_EXACT_AXES_COLUMNS = 256
OCKHAM_HOURS_A_WEEK = 168
OCKHAM_K_LIMIT = 256
OCKHAM_LARGEST_WEIGHT = 1e100
OCKHAM_LEAST_WEIGHT = 1e-100
OCKHAM_PAGE_COLUMNS = 40
OCKHAM_PAGE_NAME_CHARACTERS = 120
OCKHAM_PAGE_ROWS = 20000
OCKHAM_PAGE_SOURCE_CHARACTERS = 480
OCKHAM_PAIR_ROWS = 2000
OCKHAM_PROFILE_COLUMN_BINS = 10
OCKHAM_PROFILE_DISTANCE_BINS = 8
OCKHAM_PROFILE_MOST_BINS = 260
OCKHAM_PROFILE_MOST_CATEGORIES = 60
OCKHAM_PROFILE_MOST_DIRECTIONS = 8
OCKHAM_PROFILE_MOST_REHEARSALS = 4
OCKHAM_RESAMPLE_K_LIMIT = 256
OCKHAM_SCALE_AUTO_RATIO = 10.0
OCKHAM_SCATTER_COLUMNS = 256
OCKHAM_SILHOUETTE_LIMIT = 1e10
OCKHAM_SPLITS_K_MAX = 256
OCKHAM_VERSION = "0.1.0"


class ockham_error(c.Structure):
    status: int
    row: int
    column: int
    message: bytes


class ockham_rows(c.Structure):
    data: int | None
    n_rows: int
    n_columns: int
    stride: int
    dtype: int


class ockham_interval(c.Structure):
    value: float
    low: float
    high: float


class ockham_row_source(c.Structure):
    n_columns: int
    rewind: Any
    next: Any
    user: int | None


class ockham_progress(c.Structure):
    report: Any
    user: int | None
    at_once: c._Pointer[c.c_bool]


class ockham_allocator(c.Structure):
    allocate: Any
    reallocate: Any
    release: Any
    user: int | None


class ockham_study_factor(c.Structure):
    name: bytes | None
    n_levels: int
    levels: c._Pointer[c.c_char_p]


class ockham_study_setting(c.Structure):
    name: bytes | None
    value: bytes | None


class ockham_study_scale(c.Structure):
    name: bytes | None
    n_settings: int
    settings: c._Pointer[ockham_study_setting]
    design_runs: int
    replicates: int
    held_out: bool


class ockham_study_forbidden(c.Structure):
    factor: c.Array[c.c_size_t]
    level: c.Array[c.c_size_t]


class ockham_study_claim(c.Structure):
    text: bytes | None
    kind: int
    factor: int
    level: int


class ockham_study(c.Structure):
    name: bytes | None
    question: bytes | None
    corpus: bytes | None
    corpus_path: bytes | None
    command: bytes | None
    metric: bytes | None
    compute: bytes | None
    n_base: int
    base: c._Pointer[ockham_study_setting]
    n_factors: int
    factors: c._Pointer[ockham_study_factor]
    n_scales: int
    scales: c._Pointer[ockham_study_scale]
    n_forbidden: int
    forbidden: c._Pointer[ockham_study_forbidden]
    n_claims: int
    claims: c._Pointer[ockham_study_claim]
    design: int
    design_runs: int
    seeds: int
    add_one_in: bool
    leave_one_out: bool
    rates: c._Pointer[c.c_double]
    n_rates: int
    widen: int
    worst_loss: float
    timeout_s: float
    core_minutes: float
    cores: int
    seed: int


class ockham_trainer_facts(c.Structure):
    rate: float
    flops: float
    parameters: float
    tokens: float


class ockham_trainer(c.Structure):
    path: bytes | None
    check: Any
    complete: Any
    user: int | None


class ockham_design(c.Structure):
    n_cells: int
    n_factors: int
    levels: c._Pointer[c.c_uint8]
    resolution: int
    n_aliases: int
    aliases: c._Pointer[c._Pointer[c.c_char]]
    efficiency: float


class ockham_run(c.Structure):
    id: int
    purpose: int
    scale: int
    levels: c._Pointer[c.c_uint8]
    seed: int
    rate: float
    outcome: int
    loss: float
    flops: float
    parameters: float
    tokens: float
    seconds: float
    slope: float


class ockham_effect(c.Structure):
    factor: int
    level: int
    other_factor: int
    other_level: int
    log_loss: ockham_interval
    elasticity: ockham_interval
    loss: c._Pointer[ockham_interval]
    ceg: c._Pointer[ockham_interval]
    ceg_measured: c._Pointer[ockham_interval]
    crossover: ockham_interval
    p: float
    p_adjusted: float
    p_trend: float
    inclusion: float
    inclusion_trend: float
    verdict: int
    trend: int
    runs_to_decide: float
    parameters: float
    flops_per_token: float
    n_runs: int
    n_diverged: int
    diverged: ockham_interval
    baseline_diverged: ockham_interval
    p_diverged: float
    diverges: bool


class ockham_ablation_law(c.Structure):
    irreducible: ockham_interval
    exponent: ockham_interval
    level: float
    central_compute: float
    residual: float
    n_used: int
    n_cells: int
    fitted: bool


class ockham_scale_noise(c.Structure):
    sd: float
    degrees: int
    n_runs: int
    n_diverged: int
    n_failed: int
    n_transition: int
    n_plateau: int
    compute: float
    detectable: float


class ockham_joint(c.Structure):
    joint: ockham_interval
    product: ockham_interval
    ratio: ockham_interval


class ockham_ablation_options(c.Structure):
    level: float
    false_calls: float
    account: int
    bootstraps: int
    negligible: float
    seed: int
    threads: int
    trainer: c._Pointer[ockham_trainer]
    progress: ockham_progress


class ockham_ablation(c.Structure):
    n_scales: int
    n_mains: int
    n_interactions: int
    scales: c._Pointer[ockham_scale_noise]
    mains: c._Pointer[ockham_effect]
    interactions: c._Pointer[ockham_effect]
    law: ockham_ablation_law
    joints: c._Pointer[ockham_joint]
    shapley: c._Pointer[ockham_interval]
    transition: c._Pointer[c.c_bool]
    predicted: ockham_interval
    predicted_compute: float
    held_loss: float
    n_warnings: int
    warnings: c._Pointer[c._Pointer[c.c_char]]


class ockham_level_stability(c.Structure):
    factor: int
    level: int
    n_runs: int
    n_diverged: int
    n_failed: int
    n_probed: int
    n_at_edge: int
    rate_sensitivity: float
    rate: float


class ockham_scaling_law(c.Structure):
    E: ockham_interval
    A: ockham_interval
    B: ockham_interval
    alpha: ockham_interval
    beta: ockham_interval
    objective: float
    n: int


class ockham_plan_scale(c.Structure):
    n_runs: int
    run_seconds: float
    noise: float
    degrees: int
    detectable_loss: float
    detectable_ceg: float


class ockham_plan(c.Structure):
    n_runs: int
    n_scales: int
    runs: c._Pointer[ockham_run]
    levels: c._Pointer[c.c_uint8]
    scales: c._Pointer[ockham_plan_scale]
    designs: c._Pointer[ockham_design]
    core_seconds: float
    over_budget: bool
    underpowered: bool


class ockham_journal(c.Structure):
    pass


class ockham_import_options(c.Structure):
    map: c._Pointer[ockham_study_setting]
    n_map: int
    set: c._Pointer[ockham_study_setting]
    n_set: int


class ockham_study_row(c.Structure):
    cells: c._Pointer[ockham_study_setting]
    n_cells: int


class ockham_run_options(c.Structure):
    trainer: c._Pointer[ockham_trainer]
    folder: bytes | None
    cores: int
    retry: bool
    only_replicates: bool
    only_scale: int
    unpinned: bool
    on_run: Any
    arg: int | None
    progress: ockham_progress


class ockham_work(c.Structure):
    distances: int
    plain_distances: int
    steps: int
    passes: int


class ockham_kmeans_options(c.Structure):
    k: int
    seed: int
    restarts: int
    max_iterations: int
    threads: int
    progress: c._Pointer[ockham_progress]
    algorithm: int
    precision: int
    weights: c._Pointer[c.c_double]


class ockham_kmeans(c.Structure):
    k: int
    n_columns: int
    centroids: c._Pointer[c.c_double]
    sizes: c._Pointer[c.c_uint64]
    within: c._Pointer[c.c_double]
    inertia: float
    n_iterations: int
    converged: bool
    exact: bool
    weights: c._Pointer[c.c_double]


class ockham_mixture_options(c.Structure):
    k: int
    families: bytes | None
    seed: int
    restarts: int
    max_steps: int
    tolerance: float
    start: c._Pointer[c.c_double]
    threads: int
    progress: c._Pointer[ockham_progress]
    weights: c._Pointer[c.c_double]
    tails: bool


class ockham_mixture(c.Structure):
    family: int
    k: int
    n_columns: int
    proportions: c._Pointer[c.c_double]
    means: c._Pointer[c.c_double]
    covariances: c._Pointer[c.c_double]
    log_likelihood: float
    n_parameters: float
    bic: float
    icl: float
    aic: float
    family_bic: c.Array[c.c_double]
    entropy: float
    tail: float
    n_steps: int
    converged: bool
    regularised: bool


class ockham_row_statistics(c.Structure):
    spectrum: c._Pointer[c.c_double]
    log_determinant: float
    trace_ratio: float
    explained: c._Pointer[c.c_double]
    scattering: float
    density_between: float
    halves: c._Pointer[c.c_double]


class ockham_curve_point(c.Structure):
    k: int
    inertia: float
    sizes: c._Pointer[c.c_uint64]
    within: c._Pointer[c.c_double]
    spread: c._Pointer[c.c_double]
    centroids: c._Pointer[c.c_double]
    silhouette: float
    simplified_silhouette: float
    silhouette_error: float
    weights: c._Pointer[c.c_double]
    mixture_bic: float
    mixture_icl: float
    mixture_family: int
    mixture_tail: float
    mixture_shape: int
    rows: c._Pointer[ockham_row_statistics]
    pairs: c._Pointer[ockham_pair_statistics]
    resamples: c._Pointer[ockham_resample_statistics]


class ockham_pair_statistics(c.Structure):
    n_pairs: float
    share_within: float
    mean_within: float
    mean_between: float
    mean_nearest: float
    mean_farthest: float
    deviation: float
    concordant: float
    discordant: float
    equal: float
    centroid_correlation: float
    least_between: float
    largest_within: float
    largest_mean_within: float
    least_mean_between: float
    least_mean_crossed: float


class ockham_curve(c.Structure):
    n_rows: int
    n_columns: int
    n_varying: int
    variance_floor: float
    total: float
    n_points: int
    points: c._Pointer[ockham_curve_point]
    total_weight: float
    weighted: bool
    has_mixtures: bool
    total_spread: float


class ockham_gap(c.Structure):
    value: float
    error: float


class ockham_resample_statistics(c.Structure):
    gap: ockham_gap
    gap_pca: ockham_gap
    gap_star: ockham_gap
    prediction_strength: float
    prediction_strength_error: float
    instability: float
    instability_error: float
    jaccard: float
    jaccard_mean: float
    n_rows: int


class ockham_criterion(c.Structure):
    name: bytes | None
    title: bytes | None
    direction: int
    can_answer_one: bool
    formula: bytes | None
    source: bytes | None
    evidence: int
    rule: bytes | None
    usual: bool


class ockham_fit_score(c.Structure):
    value: float
    log_likelihood: float
    n_parameters: int
    variances_differ: bool


class ockham_read_options(c.Structure):
    columns: c._Pointer[c.c_char_p]
    n_columns: int
    ignore: c._Pointer[c.c_char_p]
    n_ignore: int
    label_column: bytes | None
    query: bytes | None
    missing: int
    header: int
    delimiter: bytes
    threads: int
    progress: c._Pointer[ockham_progress]
    weight_column: bytes | None
    category_columns: c._Pointer[c.c_char_p]
    n_category_columns: int
    find_categories: bool
    time_column: bytes | None
    skip_absent: bool
    as_they_come: bool


class ockham_table(c.Structure):
    pass


class ockham_reader(c.Structure):
    pass


class ockham_scaling(c.Structure):
    kind: int
    n_columns: int
    centre: c._Pointer[c.c_double]
    factor: c._Pointer[c.c_double]
    spread_ratio: float


class ockham_overview(c.Structure):
    n_rows: int
    n_columns: int
    mean: c._Pointer[c.c_double]
    sd: c._Pointer[c.c_double]
    low: c._Pointer[c.c_double]
    high: c._Pointer[c.c_double]
    sample: ockham_rows
    stretch: int


class ockham_blobs_options(c.Structure):
    k: int
    n_columns: int
    rows_per_cluster: int
    rows_per_cluster_max: int
    random_sizes: bool
    box_low: float
    box_high: float
    min_distance: float
    sd: float
    seed: int


class ockham_writer(c.Structure):
    pass


class ockham_lm_config(c.Structure):
    architecture: int
    objective: int
    norm_place: int
    norm: int
    position: int
    ffn: int
    init: int
    attention: int
    mask: int
    block: int
    tying: int
    order: int
    tokens: int
    optimizer: int
    schedule: int
    precision: int
    n_layers: int
    width: int
    heads: int
    kv_heads: int
    hidden: int
    context: int
    window: int
    experts: int
    active: int
    vocabulary: int
    bias: bool
    qk_norm: bool
    logit_cap: float
    attention_cap: float
    z_loss: float
    dropout: float
    rate: float
    decay: float
    clip: float
    warmup: float
    last_rate: float
    batch: int
    train_tokens: int
    seed: int


class ockham_lm_level(c.Structure):
    name: bytes | None
    formula: bytes | None
    source: bytes | None


class ockham_lm_factor(c.Structure):
    name: bytes | None
    about: bytes | None
    kind: int
    offset: int
    n_levels: int
    levels: c._Pointer[ockham_lm_level]
    low: float
    high: float


class ockham_lm_cost(c.Structure):
    parameters: int
    parameters_embedding: int
    parameters_active: int
    flops_per_token: float
    flops: float
    steps: int


class ockham_corpus(c.Structure):
    pass


class ockham_corpus_facts(c.Structure):
    n_documents: int
    n_held_documents: int
    n_bytes: int
    n_held_bytes: int
    byte_entropy: float
    n_left_out: int


class ockham_corpus_options(c.Structure):
    paths: c._Pointer[c.c_char_p]
    n_paths: int
    strip_markup: bool
    document_bytes: int
    held_out: float
    most_bytes: int
    progress: ockham_progress


class ockham_lm_point(c.Structure):
    step: int
    tokens: int
    flops: float
    seconds: float
    rate: float
    train_loss: float
    held_bits: float
    gradient_norm: float


class ockham_lm_result(c.Structure):
    diverged: bool
    diverged_step: int
    suffix_bits: float
    suffix_bits_at: c.Array[c.c_double]
    whole_bits: float
    train_loss: float
    last_slope: float
    steps: int
    tokens: int
    flops: float
    seconds: float
    n_points: int
    points: c._Pointer[ockham_lm_point]


class ockham_lm_train_options(c.Structure):
    checkpoint: bytes | None
    checkpoint_s: float
    resume: bool
    points: int
    held_every: int
    held_bytes: int
    on_point: Any
    arg: int | None
    progress: ockham_progress


class ockham_lm(c.Structure):
    pass


class ockham_lm_sample_options(c.Structure):
    prompt: bytes | None
    prompt_size: int
    length: int
    temperature: float
    top: int
    seed: int
    put: Any
    arg: int | None


class ockham_profile_column(c.Structure):
    name: bytes | None
    kind: int
    role: int
    texts: c._Pointer[c.c_char_p]
    n_texts: int


class ockham_signal(c.Structure):
    kind: int
    group: int
    index: int
    name: bytes | None
    n_bins: int
    counts: c._Pointer[c.c_uint64]
    n_counted: int
    bin_names: c._Pointer[c.c_char_p]
    edges: c._Pointer[c.c_double]
    n_edges: int
    stickiness: float
    stickiness_in_hours: float
    by_hour: c._Pointer[c.c_uint32]


class ockham_column_range(c.Structure):
    mean: float
    sd: float
    least: float
    most: float
    clip_low: float
    clip_high: float
    n_missing: int


class ockham_rehearsal(c.Structure):
    asked_rows: float
    achieved_rows: float
    low: float
    high: float


class ockham_profile_parts(c.Structure):
    n_rows: int
    n_fitted: int
    n_columns: int
    columns: c._Pointer[ockham_profile_column]
    ranges: c._Pointer[ockham_column_range]
    n_signals: int
    signals: c._Pointer[ockham_signal]
    k: int
    n_numbers: int
    numbers: c._Pointer[c.c_size_t]
    centre: c._Pointer[c.c_double]
    factor: c._Pointer[c.c_double]
    centroids: c._Pointer[c.c_double]
    radii: c._Pointer[c.c_double]
    distance_edges: c._Pointer[c.c_double]
    deviations: c._Pointer[c.c_double]
    n_directions: int
    directions: c._Pointer[c.c_double]
    since_s: int
    until_s: int
    n_rehearsals: int
    rehearsals: c._Pointer[ockham_rehearsal]


class ockham_profile(c.Structure):
    pass


class ockham_profile_options(c.Structure):
    columns: c._Pointer[ockham_profile_column]
    k: int
    centroids: c._Pointer[c.c_double]
    centre: c._Pointer[c.c_double]
    factor: c._Pointer[c.c_double]
    times: c._Pointer[c.c_double]
    unordered: bool
    seed: int
    threads: int
    progress: c._Pointer[ockham_progress]


class ockham_model_parts(c.Structure):
    k: int
    n_columns: int
    column_names: c._Pointer[c.c_char_p]
    scaling: ockham_scaling
    centroids: c._Pointer[c.c_double]
    sizes: c._Pointer[c.c_uint64]
    within: c._Pointer[c.c_double]
    n_rows: int
    seed: int
    criterion: bytes | None
    weights: c._Pointer[c.c_double]
    mixture: c._Pointer[ockham_mixture]
    profile: c._Pointer[ockham_profile]


class ockham_model(c.Structure):
    pass


class ockham_drift_options(c.Structure):
    detector: int
    rows_per_false_alarm: float
    shares: c.Array[c.c_double]
    level: float
    min_effect: float
    window: int
    by_hour: bool
    reference: ockham_rows
    seed: int
    threads: int


class ockham_drift_signal(c.Structure):
    signal: c._Pointer[ockham_signal]
    statistic: float
    limit: float
    run_length: float
    asked_run_length: float
    p_value: float
    n_effective: float
    psi: float
    psi_low: float
    psi_high: float
    js: float
    shift: float
    shift_low: float
    shift_high: float
    drifted: bool


class ockham_drift_bin(c.Structure):
    reference: float
    now: float
    low: float
    high: float


class ockham_drift_episode(c.Structure):
    number: int
    since_row: int
    noticed_row: int
    until_row: int
    signal: int
    run_length: float
    psi: float
    since_s: float
    noticed_s: float


class ockham_drift_point(c.Structure):
    row: int
    alarm_level: float
    signal: int


class ockham_drift_state(c.Structure):
    n_rows: int
    n_measured: int
    drifted: bool
    asked_run_length: float
    achieved_run_length: float
    achieved_low: float
    achieved_high: float
    leading: int
    n_signals: int
    signals: c._Pointer[ockham_drift_signal]
    n_episodes: int
    n_kept: int
    episodes: c._Pointer[ockham_drift_episode]
    n_points: int
    points: c._Pointer[ockham_drift_point]
    calibration_s: float


class ockham_drift_monitor(c.Structure):
    pass


class ockham_drift_comparison(c.Structure):
    verdict: int
    n_rows: int
    p_value: float
    level: float
    min_effect: float
    smallest_shift: float
    leading: int
    n_signals: int
    signals: c._Pointer[ockham_drift_signal]
    bins: c._Pointer[c._Pointer[ockham_drift_bin]]
    example_rows: c.Array[c.c_uint64]
    grown_bin: int
    grown_from: float
    grown_to: float


class ockham_stream_options(c.Structure):
    events: bool
    rows_per_false_alarm: float
    min_effect: float
    n_learn: int
    window: int
    seed: int


class ockham_stream_state(c.Structure):
    n_values: int
    n_learned: int
    ready: bool
    drifted: bool
    run_length: float
    asked_run_length: float
    psi: float
    reference: float
    now: float
    low: float
    high: float
    n_episodes: int
    latest: ockham_drift_episode


class ockham_stream(c.Structure):
    pass


class ockham_sweep_options(c.Structure):
    k_min: int
    k_max: int
    seed: int
    restarts: int
    criterion: bytes | None
    exact: bool
    no_silhouette: bool
    threads: int
    progress: c._Pointer[ockham_progress]
    algorithm: int
    precision: int
    weights: c._Pointer[c.c_double]
    mixtures: bool
    all_criteria: bool


class ockham_sweep(c.Structure):
    pass


class ockham_confidence(c.Structure):
    n_halves: int
    n_agree: int
    unclear: bool
    merge_a: int
    merge_b: int
    overlap: float
    n_peaks: int
    n_bent: int
    bent_share: float
    z: float
    like_one: bool
    has_split: bool
    split: int


class ockham_verdict(c.Structure):
    k: int
    point: int
    criterion: c._Pointer[ockham_criterion]
    undecided: bool
    one_suffices: bool
    crowded: bool
    weight: float
    at_edge: bool
    at_lower_edge: bool
    extended: bool
    overruled: bool
    partial: bool
    distinct_limit: bool
    exact: bool
    silhouette_rows: int
    seconds: float
    searched_rows: int
    mixture_rows: int
    n_constant: int
    confidence: ockham_confidence
    mixture: c._Pointer[ockham_mixture]
    sizes: c._Pointer[c.c_uint64]
    weights: c._Pointer[c.c_double]
    within: c._Pointer[c.c_double]
    n_passes: int
    pair_rows: int


class ockham_agreement(c.Structure):
    adjusted_rand: float
    adjusted_mutual_information: float


class ockham_principal_axes(c.Structure):
    n_axes: int
    n_columns: int
    mean: c._Pointer[c.c_double]
    directions: c._Pointer[c.c_double]
    variances: c._Pointer[c.c_double]
    total_variance: float


class ockham_report_options(c.Structure):
    format: int
    ascii: bool
    all_k: bool
    scaling: c._Pointer[ockham_scaling]
    scaling_chosen: bool
    agreement: c._Pointer[ockham_agreement]
    n_label_values: int
    n_rows_dropped: int
    n_cells_filled: int
    seed: int
    all_criteria: bool
    no_tables: bool


class ockham_page_options(c.Structure):
    report: ockham_report_options
    column_names: c._Pointer[c.c_char_p]
    source: bytes | None
    command: bytes | None
    weights: c._Pointer[c.c_double]
    known_labels: c._Pointer[c.c_uint32]
    known_label_texts: c._Pointer[c.c_char_p]
    row_numbers: c._Pointer[c.c_uint64]
    threads: int


class ockham_drift_account(c.Structure):
    profile: c._Pointer[ockham_profile_parts]
    batch: c._Pointer[ockham_drift_comparison]
    course: c._Pointer[ockham_drift_state]
    bins: c._Pointer[c._Pointer[ockham_drift_bin]]
    n_examples: int
    example_rows: c._Pointer[c.c_uint64]
    example_values: c._Pointer[c.c_double]
    example_texts: c._Pointer[c.c_char_p]
    example_bin: int
    absent_columns: c._Pointer[c.c_char_p]
    n_absent: int
    n_extra: int
    source: bytes | None
    reference: bytes | None
    command: bytes | None


class ockham_drift_report_options(c.Structure):
    format: int
    ascii: bool
    every: bool


class ockham_ablation_account(c.Structure):
    study: c._Pointer[ockham_study]
    runs: c._Pointer[ockham_run]
    n_runs: int
    ablation: c._Pointer[ockham_ablation]
    account: int
    beside: c.Array[c._Pointer[ockham_ablation]]
    claimed_after: c._Pointer[c.c_bool]
    level: float
    source: bytes | None
    plan: c._Pointer[ockham_plan]
    command: bytes | None
    negligible: float
    false_calls: float


class ockham_ablation_report_options(c.Structure):
    format: int
    ascii: bool
    every: bool


class ockham_splits_options(c.Structure):
    method: int
    k_min: int
    k_max: int
    seed: int
    alpha: float
    as_printed: bool
    threads: int
    progress: c._Pointer[ockham_progress]
    algorithm: int
    precision: int
    weights: c._Pointer[c.c_double]


ockham_error._fields_ = [("status", c.c_int), ("row", c.c_uint64), ("column", c.c_uint64), ("message", c.c_char * 512)]
ockham_rows._fields_ = [
    ("data", c.c_void_p),
    ("n_rows", c.c_size_t),
    ("n_columns", c.c_size_t),
    ("stride", c.c_size_t),
    ("dtype", c.c_int),
]
ockham_interval._fields_ = [("value", c.c_double), ("low", c.c_double), ("high", c.c_double)]
ockham_row_source._fields_ = [
    ("n_columns", c.c_size_t),
    ("rewind", c.CFUNCTYPE(c.c_int, c.c_void_p, c.POINTER(ockham_error))),
    ("next", c.CFUNCTYPE(c.c_int, c.c_void_p, c.POINTER(ockham_rows), c.POINTER(ockham_error))),
    ("user", c.c_void_p),
]
ockham_progress._fields_ = [
    ("report", c.CFUNCTYPE(c.c_bool, c.c_void_p, c.c_char_p, c.c_uint64, c.c_uint64)),
    ("user", c.c_void_p),
    ("at_once", c.POINTER(c.c_bool)),
]
ockham_allocator._fields_ = [
    ("allocate", c.CFUNCTYPE(c.c_void_p, c.c_void_p, c.c_size_t)),
    ("reallocate", c.CFUNCTYPE(c.c_void_p, c.c_void_p, c.c_void_p, c.c_size_t)),
    ("release", c.CFUNCTYPE(None, c.c_void_p, c.c_void_p)),
    ("user", c.c_void_p),
]
ockham_study_factor._fields_ = [("name", c.c_char_p), ("n_levels", c.c_size_t), ("levels", c.POINTER(c.c_char_p))]
ockham_study_setting._fields_ = [("name", c.c_char_p), ("value", c.c_char_p)]
ockham_study_scale._fields_ = [
    ("name", c.c_char_p),
    ("n_settings", c.c_size_t),
    ("settings", c.POINTER(ockham_study_setting)),
    ("design_runs", c.c_size_t),
    ("replicates", c.c_size_t),
    ("held_out", c.c_bool),
]
ockham_study_forbidden._fields_ = [("factor", c.c_size_t * 2), ("level", c.c_size_t * 2)]
ockham_study_claim._fields_ = [("text", c.c_char_p), ("kind", c.c_int), ("factor", c.c_size_t), ("level", c.c_size_t)]
ockham_study._fields_ = [
    ("name", c.c_char_p),
    ("question", c.c_char_p),
    ("corpus", c.c_char_p),
    ("corpus_path", c.c_char_p),
    ("command", c.c_char_p),
    ("metric", c.c_char_p),
    ("compute", c.c_char_p),
    ("n_base", c.c_size_t),
    ("base", c.POINTER(ockham_study_setting)),
    ("n_factors", c.c_size_t),
    ("factors", c.POINTER(ockham_study_factor)),
    ("n_scales", c.c_size_t),
    ("scales", c.POINTER(ockham_study_scale)),
    ("n_forbidden", c.c_size_t),
    ("forbidden", c.POINTER(ockham_study_forbidden)),
    ("n_claims", c.c_size_t),
    ("claims", c.POINTER(ockham_study_claim)),
    ("design", c.c_int),
    ("design_runs", c.c_size_t),
    ("seeds", c.c_size_t),
    ("add_one_in", c.c_bool),
    ("leave_one_out", c.c_bool),
    ("rates", c.POINTER(c.c_double)),
    ("n_rates", c.c_size_t),
    ("widen", c.c_size_t),
    ("worst_loss", c.c_double),
    ("timeout_s", c.c_double),
    ("core_minutes", c.c_double),
    ("cores", c.c_size_t),
    ("seed", c.c_uint64),
]
ockham_trainer_facts._fields_ = [
    ("rate", c.c_double),
    ("flops", c.c_double),
    ("parameters", c.c_double),
    ("tokens", c.c_double),
]
ockham_trainer._fields_ = [
    ("path", c.c_char_p),
    ("check", c.CFUNCTYPE(c.c_int, c.c_void_p, c.c_char_p, c.c_char_p, c.POINTER(ockham_error))),
    ("complete", c.CFUNCTYPE(c.c_int, c.c_void_p, c.POINTER(ockham_study_setting), c.c_size_t, c.POINTER(ockham_trainer_facts), c.POINTER(ockham_error))),
    ("user", c.c_void_p),
]
ockham_design._fields_ = [
    ("n_cells", c.c_size_t),
    ("n_factors", c.c_size_t),
    ("levels", c.POINTER(c.c_uint8)),
    ("resolution", c.c_size_t),
    ("n_aliases", c.c_size_t),
    ("aliases", c.POINTER(c.POINTER(c.c_char))),
    ("efficiency", c.c_double),
]
ockham_run._fields_ = [
    ("id", c.c_uint64),
    ("purpose", c.c_int),
    ("scale", c.c_size_t),
    ("levels", c.POINTER(c.c_uint8)),
    ("seed", c.c_uint64),
    ("rate", c.c_double),
    ("outcome", c.c_int),
    ("loss", c.c_double),
    ("flops", c.c_double),
    ("parameters", c.c_double),
    ("tokens", c.c_double),
    ("seconds", c.c_double),
    ("slope", c.c_double),
]
ockham_effect._fields_ = [
    ("factor", c.c_size_t),
    ("level", c.c_size_t),
    ("other_factor", c.c_size_t),
    ("other_level", c.c_size_t),
    ("log_loss", ockham_interval),
    ("elasticity", ockham_interval),
    ("loss", c.POINTER(ockham_interval)),
    ("ceg", c.POINTER(ockham_interval)),
    ("ceg_measured", c.POINTER(ockham_interval)),
    ("crossover", ockham_interval),
    ("p", c.c_double),
    ("p_adjusted", c.c_double),
    ("p_trend", c.c_double),
    ("inclusion", c.c_double),
    ("inclusion_trend", c.c_double),
    ("verdict", c.c_int),
    ("trend", c.c_int),
    ("runs_to_decide", c.c_double),
    ("parameters", c.c_double),
    ("flops_per_token", c.c_double),
    ("n_runs", c.c_size_t),
    ("n_diverged", c.c_size_t),
    ("diverged", ockham_interval),
    ("baseline_diverged", ockham_interval),
    ("p_diverged", c.c_double),
    ("diverges", c.c_bool),
]
ockham_ablation_law._fields_ = [
    ("irreducible", ockham_interval),
    ("exponent", ockham_interval),
    ("level", c.c_double),
    ("central_compute", c.c_double),
    ("residual", c.c_double),
    ("n_used", c.c_size_t),
    ("n_cells", c.c_size_t),
    ("fitted", c.c_bool),
]
ockham_scale_noise._fields_ = [
    ("sd", c.c_double),
    ("degrees", c.c_size_t),
    ("n_runs", c.c_size_t),
    ("n_diverged", c.c_size_t),
    ("n_failed", c.c_size_t),
    ("n_transition", c.c_size_t),
    ("n_plateau", c.c_size_t),
    ("compute", c.c_double),
    ("detectable", c.c_double),
]
ockham_joint._fields_ = [("joint", ockham_interval), ("product", ockham_interval), ("ratio", ockham_interval)]
ockham_ablation_options._fields_ = [
    ("level", c.c_double),
    ("false_calls", c.c_double),
    ("account", c.c_int),
    ("bootstraps", c.c_size_t),
    ("negligible", c.c_double),
    ("seed", c.c_uint64),
    ("threads", c.c_size_t),
    ("trainer", c.POINTER(ockham_trainer)),
    ("progress", ockham_progress),
]
ockham_ablation._fields_ = [
    ("n_scales", c.c_size_t),
    ("n_mains", c.c_size_t),
    ("n_interactions", c.c_size_t),
    ("scales", c.POINTER(ockham_scale_noise)),
    ("mains", c.POINTER(ockham_effect)),
    ("interactions", c.POINTER(ockham_effect)),
    ("law", ockham_ablation_law),
    ("joints", c.POINTER(ockham_joint)),
    ("shapley", c.POINTER(ockham_interval)),
    ("transition", c.POINTER(c.c_bool)),
    ("predicted", ockham_interval),
    ("predicted_compute", c.c_double),
    ("held_loss", c.c_double),
    ("n_warnings", c.c_size_t),
    ("warnings", c.POINTER(c.POINTER(c.c_char))),
]
ockham_level_stability._fields_ = [
    ("factor", c.c_size_t),
    ("level", c.c_size_t),
    ("n_runs", c.c_size_t),
    ("n_diverged", c.c_size_t),
    ("n_failed", c.c_size_t),
    ("n_probed", c.c_size_t),
    ("n_at_edge", c.c_size_t),
    ("rate_sensitivity", c.c_double),
    ("rate", c.c_double),
]
ockham_scaling_law._fields_ = [
    ("E", ockham_interval),
    ("A", ockham_interval),
    ("B", ockham_interval),
    ("alpha", ockham_interval),
    ("beta", ockham_interval),
    ("objective", c.c_double),
    ("n", c.c_size_t),
]
ockham_plan_scale._fields_ = [
    ("n_runs", c.c_size_t),
    ("run_seconds", c.c_double),
    ("noise", c.c_double),
    ("degrees", c.c_size_t),
    ("detectable_loss", c.c_double),
    ("detectable_ceg", c.c_double),
]
ockham_plan._fields_ = [
    ("n_runs", c.c_size_t),
    ("n_scales", c.c_size_t),
    ("runs", c.POINTER(ockham_run)),
    ("levels", c.POINTER(c.c_uint8)),
    ("scales", c.POINTER(ockham_plan_scale)),
    ("designs", c.POINTER(ockham_design)),
    ("core_seconds", c.c_double),
    ("over_budget", c.c_bool),
    ("underpowered", c.c_bool),
]
ockham_import_options._fields_ = [
    ("map", c.POINTER(ockham_study_setting)),
    ("n_map", c.c_size_t),
    ("set", c.POINTER(ockham_study_setting)),
    ("n_set", c.c_size_t),
]
ockham_study_row._fields_ = [("cells", c.POINTER(ockham_study_setting)), ("n_cells", c.c_size_t)]
ockham_run_options._fields_ = [
    ("trainer", c.POINTER(ockham_trainer)),
    ("folder", c.c_char_p),
    ("cores", c.c_size_t),
    ("retry", c.c_bool),
    ("only_replicates", c.c_bool),
    ("only_scale", c.c_size_t),
    ("unpinned", c.c_bool),
    ("on_run", c.CFUNCTYPE(None, c.c_void_p, c.POINTER(ockham_run), c.c_char_p, c.c_size_t, c.c_size_t, c.c_double)),
    ("arg", c.c_void_p),
    ("progress", ockham_progress),
]
ockham_work._fields_ = [
    ("distances", c.c_uint64),
    ("plain_distances", c.c_uint64),
    ("steps", c.c_uint64),
    ("passes", c.c_uint64),
]
ockham_kmeans_options._fields_ = [
    ("k", c.c_size_t),
    ("seed", c.c_uint64),
    ("restarts", c.c_size_t),
    ("max_iterations", c.c_size_t),
    ("threads", c.c_size_t),
    ("progress", c.POINTER(ockham_progress)),
    ("algorithm", c.c_int),
    ("precision", c.c_int),
    ("weights", c.POINTER(c.c_double)),
]
ockham_kmeans._fields_ = [
    ("k", c.c_size_t),
    ("n_columns", c.c_size_t),
    ("centroids", c.POINTER(c.c_double)),
    ("sizes", c.POINTER(c.c_uint64)),
    ("within", c.POINTER(c.c_double)),
    ("inertia", c.c_double),
    ("n_iterations", c.c_size_t),
    ("converged", c.c_bool),
    ("exact", c.c_bool),
    ("weights", c.POINTER(c.c_double)),
]
ockham_mixture_options._fields_ = [
    ("k", c.c_size_t),
    ("families", c.c_char_p),
    ("seed", c.c_uint64),
    ("restarts", c.c_size_t),
    ("max_steps", c.c_size_t),
    ("tolerance", c.c_double),
    ("start", c.POINTER(c.c_double)),
    ("threads", c.c_size_t),
    ("progress", c.POINTER(ockham_progress)),
    ("weights", c.POINTER(c.c_double)),
    ("tails", c.c_bool),
]
ockham_mixture._fields_ = [
    ("family", c.c_int),
    ("k", c.c_size_t),
    ("n_columns", c.c_size_t),
    ("proportions", c.POINTER(c.c_double)),
    ("means", c.POINTER(c.c_double)),
    ("covariances", c.POINTER(c.c_double)),
    ("log_likelihood", c.c_double),
    ("n_parameters", c.c_double),
    ("bic", c.c_double),
    ("icl", c.c_double),
    ("aic", c.c_double),
    ("family_bic", c.c_double * 14),
    ("entropy", c.c_double),
    ("tail", c.c_double),
    ("n_steps", c.c_size_t),
    ("converged", c.c_bool),
    ("regularised", c.c_bool),
]
ockham_row_statistics._fields_ = [
    ("spectrum", c.POINTER(c.c_double)),
    ("log_determinant", c.c_double),
    ("trace_ratio", c.c_double),
    ("explained", c.POINTER(c.c_double)),
    ("scattering", c.c_double),
    ("density_between", c.c_double),
    ("halves", c.POINTER(c.c_double)),
]
ockham_curve_point._fields_ = [
    ("k", c.c_size_t),
    ("inertia", c.c_double),
    ("sizes", c.POINTER(c.c_uint64)),
    ("within", c.POINTER(c.c_double)),
    ("spread", c.POINTER(c.c_double)),
    ("centroids", c.POINTER(c.c_double)),
    ("silhouette", c.c_double),
    ("simplified_silhouette", c.c_double),
    ("silhouette_error", c.c_double),
    ("weights", c.POINTER(c.c_double)),
    ("mixture_bic", c.c_double),
    ("mixture_icl", c.c_double),
    ("mixture_family", c.c_int),
    ("mixture_tail", c.c_double),
    ("mixture_shape", c.c_int),
    ("rows", c.POINTER(ockham_row_statistics)),
    ("pairs", c.POINTER(ockham_pair_statistics)),
    ("resamples", c.POINTER(ockham_resample_statistics)),
]
ockham_pair_statistics._fields_ = [
    ("n_pairs", c.c_double),
    ("share_within", c.c_double),
    ("mean_within", c.c_double),
    ("mean_between", c.c_double),
    ("mean_nearest", c.c_double),
    ("mean_farthest", c.c_double),
    ("deviation", c.c_double),
    ("concordant", c.c_double),
    ("discordant", c.c_double),
    ("equal", c.c_double),
    ("centroid_correlation", c.c_double),
    ("least_between", c.c_double),
    ("largest_within", c.c_double),
    ("largest_mean_within", c.c_double),
    ("least_mean_between", c.c_double),
    ("least_mean_crossed", c.c_double),
]
ockham_curve._fields_ = [
    ("n_rows", c.c_uint64),
    ("n_columns", c.c_size_t),
    ("n_varying", c.c_size_t),
    ("variance_floor", c.c_double),
    ("total", c.c_double),
    ("n_points", c.c_size_t),
    ("points", c.POINTER(ockham_curve_point)),
    ("total_weight", c.c_double),
    ("weighted", c.c_bool),
    ("has_mixtures", c.c_bool),
    ("total_spread", c.c_double),
]
ockham_gap._fields_ = [("value", c.c_double), ("error", c.c_double)]
ockham_resample_statistics._fields_ = [
    ("gap", ockham_gap),
    ("gap_pca", ockham_gap),
    ("gap_star", ockham_gap),
    ("prediction_strength", c.c_double),
    ("prediction_strength_error", c.c_double),
    ("instability", c.c_double),
    ("instability_error", c.c_double),
    ("jaccard", c.c_double),
    ("jaccard_mean", c.c_double),
    ("n_rows", c.c_uint64),
]
ockham_criterion._fields_ = [
    ("name", c.c_char_p),
    ("title", c.c_char_p),
    ("direction", c.c_int),
    ("can_answer_one", c.c_bool),
    ("formula", c.c_char_p),
    ("source", c.c_char_p),
    ("evidence", c.c_int),
    ("rule", c.c_char_p),
    ("usual", c.c_bool),
]
ockham_fit_score._fields_ = [
    ("value", c.c_double),
    ("log_likelihood", c.c_double),
    ("n_parameters", c.c_size_t),
    ("variances_differ", c.c_bool),
]
ockham_read_options._fields_ = [
    ("columns", c.POINTER(c.c_char_p)),
    ("n_columns", c.c_size_t),
    ("ignore", c.POINTER(c.c_char_p)),
    ("n_ignore", c.c_size_t),
    ("label_column", c.c_char_p),
    ("query", c.c_char_p),
    ("missing", c.c_int),
    ("header", c.c_int),
    ("delimiter", c.c_char),
    ("threads", c.c_size_t),
    ("progress", c.POINTER(ockham_progress)),
    ("weight_column", c.c_char_p),
    ("category_columns", c.POINTER(c.c_char_p)),
    ("n_category_columns", c.c_size_t),
    ("find_categories", c.c_bool),
    ("time_column", c.c_char_p),
    ("skip_absent", c.c_bool),
    ("as_they_come", c.c_bool),
]
ockham_scaling._fields_ = [
    ("kind", c.c_int),
    ("n_columns", c.c_size_t),
    ("centre", c.POINTER(c.c_double)),
    ("factor", c.POINTER(c.c_double)),
    ("spread_ratio", c.c_double),
]
ockham_overview._fields_ = [
    ("n_rows", c.c_uint64),
    ("n_columns", c.c_size_t),
    ("mean", c.POINTER(c.c_double)),
    ("sd", c.POINTER(c.c_double)),
    ("low", c.POINTER(c.c_double)),
    ("high", c.POINTER(c.c_double)),
    ("sample", ockham_rows),
    ("stretch", c.c_uint64),
]
ockham_blobs_options._fields_ = [
    ("k", c.c_size_t),
    ("n_columns", c.c_size_t),
    ("rows_per_cluster", c.c_size_t),
    ("rows_per_cluster_max", c.c_size_t),
    ("random_sizes", c.c_bool),
    ("box_low", c.c_double),
    ("box_high", c.c_double),
    ("min_distance", c.c_double),
    ("sd", c.c_double),
    ("seed", c.c_uint64),
]
ockham_lm_config._fields_ = [
    ("architecture", c.c_int),
    ("objective", c.c_int),
    ("norm_place", c.c_int),
    ("norm", c.c_int),
    ("position", c.c_int),
    ("ffn", c.c_int),
    ("init", c.c_int),
    ("attention", c.c_int),
    ("mask", c.c_int),
    ("block", c.c_int),
    ("tying", c.c_int),
    ("order", c.c_int),
    ("tokens", c.c_int),
    ("optimizer", c.c_int),
    ("schedule", c.c_int),
    ("precision", c.c_int),
    ("n_layers", c.c_size_t),
    ("width", c.c_size_t),
    ("heads", c.c_size_t),
    ("kv_heads", c.c_size_t),
    ("hidden", c.c_size_t),
    ("context", c.c_size_t),
    ("window", c.c_size_t),
    ("experts", c.c_size_t),
    ("active", c.c_size_t),
    ("vocabulary", c.c_size_t),
    ("bias", c.c_bool),
    ("qk_norm", c.c_bool),
    ("logit_cap", c.c_double),
    ("attention_cap", c.c_double),
    ("z_loss", c.c_double),
    ("dropout", c.c_double),
    ("rate", c.c_double),
    ("decay", c.c_double),
    ("clip", c.c_double),
    ("warmup", c.c_double),
    ("last_rate", c.c_double),
    ("batch", c.c_size_t),
    ("train_tokens", c.c_uint64),
    ("seed", c.c_uint64),
]
ockham_lm_level._fields_ = [("name", c.c_char_p), ("formula", c.c_char_p), ("source", c.c_char_p)]
ockham_lm_factor._fields_ = [
    ("name", c.c_char_p),
    ("about", c.c_char_p),
    ("kind", c.c_int),
    ("offset", c.c_size_t),
    ("n_levels", c.c_size_t),
    ("levels", c.POINTER(ockham_lm_level)),
    ("low", c.c_double),
    ("high", c.c_double),
]
ockham_lm_cost._fields_ = [
    ("parameters", c.c_uint64),
    ("parameters_embedding", c.c_uint64),
    ("parameters_active", c.c_uint64),
    ("flops_per_token", c.c_double),
    ("flops", c.c_double),
    ("steps", c.c_uint64),
]
ockham_corpus_facts._fields_ = [
    ("n_documents", c.c_uint64),
    ("n_held_documents", c.c_uint64),
    ("n_bytes", c.c_uint64),
    ("n_held_bytes", c.c_uint64),
    ("byte_entropy", c.c_double),
    ("n_left_out", c.c_uint64),
]
ockham_corpus_options._fields_ = [
    ("paths", c.POINTER(c.c_char_p)),
    ("n_paths", c.c_size_t),
    ("strip_markup", c.c_bool),
    ("document_bytes", c.c_size_t),
    ("held_out", c.c_double),
    ("most_bytes", c.c_uint64),
    ("progress", ockham_progress),
]
ockham_lm_point._fields_ = [
    ("step", c.c_uint64),
    ("tokens", c.c_uint64),
    ("flops", c.c_double),
    ("seconds", c.c_double),
    ("rate", c.c_double),
    ("train_loss", c.c_double),
    ("held_bits", c.c_double),
    ("gradient_norm", c.c_double),
]
ockham_lm_result._fields_ = [
    ("diverged", c.c_bool),
    ("diverged_step", c.c_uint64),
    ("suffix_bits", c.c_double),
    ("suffix_bits_at", c.c_double * 3),
    ("whole_bits", c.c_double),
    ("train_loss", c.c_double),
    ("last_slope", c.c_double),
    ("steps", c.c_uint64),
    ("tokens", c.c_uint64),
    ("flops", c.c_double),
    ("seconds", c.c_double),
    ("n_points", c.c_size_t),
    ("points", c.POINTER(ockham_lm_point)),
]
ockham_lm_train_options._fields_ = [
    ("checkpoint", c.c_char_p),
    ("checkpoint_s", c.c_double),
    ("resume", c.c_bool),
    ("points", c.c_size_t),
    ("held_every", c.c_size_t),
    ("held_bytes", c.c_uint64),
    ("on_point", c.CFUNCTYPE(None, c.c_void_p, c.POINTER(ockham_lm_point))),
    ("arg", c.c_void_p),
    ("progress", ockham_progress),
]
ockham_lm_sample_options._fields_ = [
    ("prompt", c.c_char_p),
    ("prompt_size", c.c_size_t),
    ("length", c.c_size_t),
    ("temperature", c.c_double),
    ("top", c.c_size_t),
    ("seed", c.c_uint64),
    ("put", c.CFUNCTYPE(c.c_bool, c.c_void_p, c.c_void_p, c.c_size_t)),
    ("arg", c.c_void_p),
]
ockham_profile_column._fields_ = [
    ("name", c.c_char_p),
    ("kind", c.c_int),
    ("role", c.c_int),
    ("texts", c.POINTER(c.c_char_p)),
    ("n_texts", c.c_size_t),
]
ockham_signal._fields_ = [
    ("kind", c.c_int),
    ("group", c.c_int),
    ("index", c.c_size_t),
    ("name", c.c_char_p),
    ("n_bins", c.c_size_t),
    ("counts", c.POINTER(c.c_uint64)),
    ("n_counted", c.c_uint64),
    ("bin_names", c.POINTER(c.c_char_p)),
    ("edges", c.POINTER(c.c_double)),
    ("n_edges", c.c_size_t),
    ("stickiness", c.c_double),
    ("stickiness_in_hours", c.c_double),
    ("by_hour", c.POINTER(c.c_uint32)),
]
ockham_column_range._fields_ = [
    ("mean", c.c_double),
    ("sd", c.c_double),
    ("least", c.c_double),
    ("most", c.c_double),
    ("clip_low", c.c_double),
    ("clip_high", c.c_double),
    ("n_missing", c.c_uint64),
]
ockham_rehearsal._fields_ = [
    ("asked_rows", c.c_double),
    ("achieved_rows", c.c_double),
    ("low", c.c_double),
    ("high", c.c_double),
]
ockham_profile_parts._fields_ = [
    ("n_rows", c.c_uint64),
    ("n_fitted", c.c_uint64),
    ("n_columns", c.c_size_t),
    ("columns", c.POINTER(ockham_profile_column)),
    ("ranges", c.POINTER(ockham_column_range)),
    ("n_signals", c.c_size_t),
    ("signals", c.POINTER(ockham_signal)),
    ("k", c.c_size_t),
    ("n_numbers", c.c_size_t),
    ("numbers", c.POINTER(c.c_size_t)),
    ("centre", c.POINTER(c.c_double)),
    ("factor", c.POINTER(c.c_double)),
    ("centroids", c.POINTER(c.c_double)),
    ("radii", c.POINTER(c.c_double)),
    ("distance_edges", c.POINTER(c.c_double)),
    ("deviations", c.POINTER(c.c_double)),
    ("n_directions", c.c_size_t),
    ("directions", c.POINTER(c.c_double)),
    ("since_s", c.c_uint64),
    ("until_s", c.c_uint64),
    ("n_rehearsals", c.c_size_t),
    ("rehearsals", c.POINTER(ockham_rehearsal)),
]
ockham_profile_options._fields_ = [
    ("columns", c.POINTER(ockham_profile_column)),
    ("k", c.c_size_t),
    ("centroids", c.POINTER(c.c_double)),
    ("centre", c.POINTER(c.c_double)),
    ("factor", c.POINTER(c.c_double)),
    ("times", c.POINTER(c.c_double)),
    ("unordered", c.c_bool),
    ("seed", c.c_uint64),
    ("threads", c.c_size_t),
    ("progress", c.POINTER(ockham_progress)),
]
ockham_model_parts._fields_ = [
    ("k", c.c_size_t),
    ("n_columns", c.c_size_t),
    ("column_names", c.POINTER(c.c_char_p)),
    ("scaling", ockham_scaling),
    ("centroids", c.POINTER(c.c_double)),
    ("sizes", c.POINTER(c.c_uint64)),
    ("within", c.POINTER(c.c_double)),
    ("n_rows", c.c_uint64),
    ("seed", c.c_uint64),
    ("criterion", c.c_char_p),
    ("weights", c.POINTER(c.c_double)),
    ("mixture", c.POINTER(ockham_mixture)),
    ("profile", c.POINTER(ockham_profile)),
]
ockham_drift_options._fields_ = [
    ("detector", c.c_int),
    ("rows_per_false_alarm", c.c_double),
    ("shares", c.c_double * 5),
    ("level", c.c_double),
    ("min_effect", c.c_double),
    ("window", c.c_size_t),
    ("by_hour", c.c_bool),
    ("reference", ockham_rows),
    ("seed", c.c_uint64),
    ("threads", c.c_size_t),
]
ockham_drift_signal._fields_ = [
    ("signal", c.POINTER(ockham_signal)),
    ("statistic", c.c_double),
    ("limit", c.c_double),
    ("run_length", c.c_double),
    ("asked_run_length", c.c_double),
    ("p_value", c.c_double),
    ("n_effective", c.c_double),
    ("psi", c.c_double),
    ("psi_low", c.c_double),
    ("psi_high", c.c_double),
    ("js", c.c_double),
    ("shift", c.c_double),
    ("shift_low", c.c_double),
    ("shift_high", c.c_double),
    ("drifted", c.c_bool),
]
ockham_drift_bin._fields_ = [("reference", c.c_double), ("now", c.c_double), ("low", c.c_double), ("high", c.c_double)]
ockham_drift_episode._fields_ = [
    ("number", c.c_uint64),
    ("since_row", c.c_uint64),
    ("noticed_row", c.c_uint64),
    ("until_row", c.c_uint64),
    ("signal", c.c_size_t),
    ("run_length", c.c_double),
    ("psi", c.c_double),
    ("since_s", c.c_double),
    ("noticed_s", c.c_double),
]
ockham_drift_point._fields_ = [("row", c.c_uint64), ("alarm_level", c.c_double), ("signal", c.c_size_t)]
ockham_drift_state._fields_ = [
    ("n_rows", c.c_uint64),
    ("n_measured", c.c_uint64),
    ("drifted", c.c_bool),
    ("asked_run_length", c.c_double),
    ("achieved_run_length", c.c_double),
    ("achieved_low", c.c_double),
    ("achieved_high", c.c_double),
    ("leading", c.c_size_t),
    ("n_signals", c.c_size_t),
    ("signals", c.POINTER(ockham_drift_signal)),
    ("n_episodes", c.c_uint64),
    ("n_kept", c.c_size_t),
    ("episodes", c.POINTER(ockham_drift_episode)),
    ("n_points", c.c_size_t),
    ("points", c.POINTER(ockham_drift_point)),
    ("calibration_s", c.c_double),
]
ockham_drift_comparison._fields_ = [
    ("verdict", c.c_int),
    ("n_rows", c.c_uint64),
    ("p_value", c.c_double),
    ("level", c.c_double),
    ("min_effect", c.c_double),
    ("smallest_shift", c.c_double),
    ("leading", c.c_size_t),
    ("n_signals", c.c_size_t),
    ("signals", c.POINTER(ockham_drift_signal)),
    ("bins", c.POINTER(c.POINTER(ockham_drift_bin))),
    ("example_rows", c.c_uint64 * 5),
    ("grown_bin", c.c_size_t),
    ("grown_from", c.c_double),
    ("grown_to", c.c_double),
]
ockham_stream_options._fields_ = [
    ("events", c.c_bool),
    ("rows_per_false_alarm", c.c_double),
    ("min_effect", c.c_double),
    ("n_learn", c.c_size_t),
    ("window", c.c_size_t),
    ("seed", c.c_uint64),
]
ockham_stream_state._fields_ = [
    ("n_values", c.c_uint64),
    ("n_learned", c.c_uint64),
    ("ready", c.c_bool),
    ("drifted", c.c_bool),
    ("run_length", c.c_double),
    ("asked_run_length", c.c_double),
    ("psi", c.c_double),
    ("reference", c.c_double),
    ("now", c.c_double),
    ("low", c.c_double),
    ("high", c.c_double),
    ("n_episodes", c.c_uint64),
    ("latest", ockham_drift_episode),
]
ockham_sweep_options._fields_ = [
    ("k_min", c.c_size_t),
    ("k_max", c.c_size_t),
    ("seed", c.c_uint64),
    ("restarts", c.c_size_t),
    ("criterion", c.c_char_p),
    ("exact", c.c_bool),
    ("no_silhouette", c.c_bool),
    ("threads", c.c_size_t),
    ("progress", c.POINTER(ockham_progress)),
    ("algorithm", c.c_int),
    ("precision", c.c_int),
    ("weights", c.POINTER(c.c_double)),
    ("mixtures", c.c_bool),
    ("all_criteria", c.c_bool),
]
ockham_confidence._fields_ = [
    ("n_halves", c.c_size_t),
    ("n_agree", c.c_size_t),
    ("unclear", c.c_bool),
    ("merge_a", c.c_size_t),
    ("merge_b", c.c_size_t),
    ("overlap", c.c_double),
    ("n_peaks", c.c_size_t),
    ("n_bent", c.c_size_t),
    ("bent_share", c.c_double),
    ("z", c.c_double),
    ("like_one", c.c_bool),
    ("has_split", c.c_bool),
    ("split", c.c_size_t),
]
ockham_verdict._fields_ = [
    ("k", c.c_size_t),
    ("point", c.c_size_t),
    ("criterion", c.POINTER(ockham_criterion)),
    ("undecided", c.c_bool),
    ("one_suffices", c.c_bool),
    ("crowded", c.c_bool),
    ("weight", c.c_double),
    ("at_edge", c.c_bool),
    ("at_lower_edge", c.c_bool),
    ("extended", c.c_bool),
    ("overruled", c.c_bool),
    ("partial", c.c_bool),
    ("distinct_limit", c.c_bool),
    ("exact", c.c_bool),
    ("silhouette_rows", c.c_uint64),
    ("seconds", c.c_double),
    ("searched_rows", c.c_uint64),
    ("mixture_rows", c.c_size_t),
    ("n_constant", c.c_size_t),
    ("confidence", ockham_confidence),
    ("mixture", c.POINTER(ockham_mixture)),
    ("sizes", c.POINTER(c.c_uint64)),
    ("weights", c.POINTER(c.c_double)),
    ("within", c.POINTER(c.c_double)),
    ("n_passes", c.c_size_t),
    ("pair_rows", c.c_size_t),
]
ockham_agreement._fields_ = [("adjusted_rand", c.c_double), ("adjusted_mutual_information", c.c_double)]
ockham_principal_axes._fields_ = [
    ("n_axes", c.c_size_t),
    ("n_columns", c.c_size_t),
    ("mean", c.POINTER(c.c_double)),
    ("directions", c.POINTER(c.c_double)),
    ("variances", c.POINTER(c.c_double)),
    ("total_variance", c.c_double),
]
ockham_report_options._fields_ = [
    ("format", c.c_int),
    ("ascii", c.c_bool),
    ("all_k", c.c_bool),
    ("scaling", c.POINTER(ockham_scaling)),
    ("scaling_chosen", c.c_bool),
    ("agreement", c.POINTER(ockham_agreement)),
    ("n_label_values", c.c_size_t),
    ("n_rows_dropped", c.c_uint64),
    ("n_cells_filled", c.c_uint64),
    ("seed", c.c_uint64),
    ("all_criteria", c.c_bool),
    ("no_tables", c.c_bool),
]
ockham_page_options._fields_ = [
    ("report", ockham_report_options),
    ("column_names", c.POINTER(c.c_char_p)),
    ("source", c.c_char_p),
    ("command", c.c_char_p),
    ("weights", c.POINTER(c.c_double)),
    ("known_labels", c.POINTER(c.c_uint32)),
    ("known_label_texts", c.POINTER(c.c_char_p)),
    ("row_numbers", c.POINTER(c.c_uint64)),
    ("threads", c.c_size_t),
]
ockham_drift_account._fields_ = [
    ("profile", c.POINTER(ockham_profile_parts)),
    ("batch", c.POINTER(ockham_drift_comparison)),
    ("course", c.POINTER(ockham_drift_state)),
    ("bins", c.POINTER(c.POINTER(ockham_drift_bin))),
    ("n_examples", c.c_size_t),
    ("example_rows", c.POINTER(c.c_uint64)),
    ("example_values", c.POINTER(c.c_double)),
    ("example_texts", c.POINTER(c.c_char_p)),
    ("example_bin", c.c_size_t),
    ("absent_columns", c.POINTER(c.c_char_p)),
    ("n_absent", c.c_size_t),
    ("n_extra", c.c_size_t),
    ("source", c.c_char_p),
    ("reference", c.c_char_p),
    ("command", c.c_char_p),
]
ockham_drift_report_options._fields_ = [("format", c.c_int), ("ascii", c.c_bool), ("every", c.c_bool)]
ockham_ablation_account._fields_ = [
    ("study", c.POINTER(ockham_study)),
    ("runs", c.POINTER(ockham_run)),
    ("n_runs", c.c_size_t),
    ("ablation", c.POINTER(ockham_ablation)),
    ("account", c.c_int),
    ("beside", c.POINTER(ockham_ablation) * 3),
    ("claimed_after", c.POINTER(c.c_bool)),
    ("level", c.c_double),
    ("source", c.c_char_p),
    ("plan", c.POINTER(ockham_plan)),
    ("command", c.c_char_p),
    ("negligible", c.c_double),
    ("false_calls", c.c_double),
]
ockham_ablation_report_options._fields_ = [("format", c.c_int), ("ascii", c.c_bool), ("every", c.c_bool)]
ockham_splits_options._fields_ = [
    ("method", c.c_int),
    ("k_min", c.c_size_t),
    ("k_max", c.c_size_t),
    ("seed", c.c_uint64),
    ("alpha", c.c_double),
    ("as_printed", c.c_bool),
    ("threads", c.c_size_t),
    ("progress", c.POINTER(ockham_progress)),
    ("algorithm", c.c_int),
    ("precision", c.c_int),
    ("weights", c.POINTER(c.c_double)),
]

ockham_version = declare("ockham_version", c.c_char_p)
ockham_instruction_set = declare("ockham_instruction_set", c.c_char_p)
ockham_status_text = declare("ockham_status_text", c.c_char_p, c.c_int)
ockham_set_allocator = declare("ockham_set_allocator", None, c.POINTER(ockham_allocator))
ockham_study_read = declare(
    "ockham_study_read",
    c.c_int,
    c.c_char_p,
    c.POINTER(ockham_trainer),
    c.POINTER(c.POINTER(ockham_study)),
    c.POINTER(ockham_error),
)
ockham_study_parse = declare(
    "ockham_study_parse",
    c.c_int,
    c.c_char_p,
    c.c_char_p,
    c.c_size_t,
    c.POINTER(ockham_trainer),
    c.POINTER(c.POINTER(ockham_study)),
    c.POINTER(ockham_error),
)
ockham_study_free = declare("ockham_study_free", None, c.POINTER(ockham_study))
ockham_design_make = declare(
    "ockham_design_make",
    c.c_int,
    c.c_int,
    c.c_size_t,
    c.POINTER(ockham_study_factor),
    c.c_size_t,
    c.POINTER(ockham_study_forbidden),
    c.c_size_t,
    c.POINTER(c.c_size_t),
    c.c_size_t,
    c.c_uint64,
    c.POINTER(ockham_design),
    c.POINTER(ockham_error),
)
ockham_design_clear = declare("ockham_design_clear", None, c.POINTER(ockham_design))
ockham_ablation_analyse = declare(
    "ockham_ablation_analyse",
    c.c_int,
    c.POINTER(ockham_study),
    c.POINTER(ockham_run),
    c.c_size_t,
    c.POINTER(ockham_ablation_options),
    c.POINTER(c.POINTER(ockham_ablation)),
    c.POINTER(ockham_error),
)
ockham_ablation_free = declare("ockham_ablation_free", None, c.POINTER(ockham_ablation))
ockham_claim_answer = declare(
    "ockham_claim_answer",
    c.c_int,
    c.POINTER(ockham_study),
    c.POINTER(ockham_ablation),
    c.c_size_t,
    c.POINTER(c.c_char),
)
ockham_study_stability = declare(
    "ockham_study_stability",
    None,
    c.POINTER(ockham_study),
    c.POINTER(ockham_run),
    c.c_size_t,
    c.POINTER(ockham_level_stability),
)
ockham_scaling_law_fit = declare(
    "ockham_scaling_law_fit",
    c.c_int,
    c.POINTER(c.c_double),
    c.POINTER(c.c_double),
    c.POINTER(c.c_double),
    c.c_size_t,
    c.c_size_t,
    c.c_uint64,
    c.POINTER(ockham_scaling_law),
    c.POINTER(ockham_error),
)
ockham_plan_make = declare(
    "ockham_plan_make",
    c.c_int,
    c.POINTER(ockham_study),
    c.POINTER(ockham_run),
    c.c_size_t,
    c.POINTER(c.POINTER(ockham_plan)),
    c.POINTER(ockham_error),
)
ockham_plan_predict = declare(
    "ockham_plan_predict",
    c.c_int,
    c.POINTER(ockham_study),
    c.POINTER(ockham_run),
    c.c_size_t,
    c.POINTER(ockham_plan),
    c.POINTER(ockham_error),
)
ockham_plan_free = declare("ockham_plan_free", None, c.POINTER(ockham_plan))
ockham_journal_open = declare(
    "ockham_journal_open",
    c.c_int,
    c.c_char_p,
    c.POINTER(ockham_study),
    c.POINTER(c.POINTER(ockham_journal)),
    c.POINTER(ockham_error),
)
ockham_journal_free = declare("ockham_journal_free", None, c.POINTER(ockham_journal))
ockham_journal_runs = declare(
    "ockham_journal_runs",
    c.c_int,
    c.POINTER(ockham_journal),
    c.POINTER(c.POINTER(ockham_run)),
    c.POINTER(c.c_size_t),
    c.POINTER(ockham_error),
)
ockham_journal_claimed_before = declare(
    "ockham_journal_claimed_before",
    c.c_bool,
    c.POINTER(ockham_journal),
    c.POINTER(ockham_study_claim),
)
ockham_journal_import = declare(
    "ockham_journal_import",
    c.c_int,
    c.POINTER(ockham_journal),
    c.c_char_p,
    c.POINTER(ockham_import_options),
    c.POINTER(c.c_uint64),
    c.POINTER(ockham_error),
)
ockham_journal_export = declare(
    "ockham_journal_export",
    c.c_int,
    c.POINTER(ockham_journal),
    c.c_char_p,
    c.POINTER(c.c_uint64),
    c.POINTER(ockham_error),
)
ockham_journal_import_rows = declare(
    "ockham_journal_import_rows",
    c.c_int,
    c.POINTER(ockham_journal),
    c.POINTER(ockham_study_row),
    c.c_size_t,
    c.POINTER(ockham_import_options),
    c.POINTER(c.c_uint64),
    c.POINTER(ockham_error),
)
ockham_study_run = declare(
    "ockham_study_run",
    c.c_int,
    c.POINTER(ockham_study),
    c.POINTER(ockham_plan),
    c.POINTER(ockham_journal),
    c.POINTER(ockham_run_options),
    c.POINTER(ockham_error),
)
ockham_study_waiting = declare(
    "ockham_study_waiting",
    c.c_size_t,
    c.POINTER(ockham_study),
    c.POINTER(ockham_plan),
    c.POINTER(ockham_journal),
)
ockham_plan_rates = declare(
    "ockham_plan_rates",
    c.c_int,
    c.POINTER(ockham_study),
    c.POINTER(ockham_plan),
    c.POINTER(ockham_journal),
    c.POINTER(c.c_double),
    c.POINTER(ockham_error),
)
ockham_run_command = declare(
    "ockham_run_command",
    c.c_int,
    c.POINTER(ockham_study),
    c.POINTER(ockham_run),
    c.POINTER(ockham_trainer),
    c.POINTER(c.POINTER(c.c_char)),
    c.POINTER(ockham_error),
)
ockham_run_ask = declare(
    "ockham_run_ask",
    c.c_int,
    c.POINTER(ockham_study),
    c.POINTER(ockham_run),
    c.POINTER(ockham_trainer),
    c.POINTER(ockham_trainer_facts),
    c.POINTER(ockham_error),
)
ockham_study_slurm = declare(
    "ockham_study_slurm",
    c.c_int,
    c.POINTER(ockham_study),
    c.POINTER(ockham_plan),
    c.POINTER(ockham_journal),
    c.POINTER(ockham_trainer),
    c.c_char_p,
    c.POINTER(c.c_size_t),
    c.POINTER(c.c_size_t),
    c.POINTER(ockham_error),
)
ockham_kmeans_fit = declare(
    "ockham_kmeans_fit",
    c.c_int,
    ockham_rows,
    c.POINTER(ockham_kmeans_options),
    c.POINTER(c.c_uint32),
    c.POINTER(ockham_kmeans),
    c.POINTER(ockham_error),
)
ockham_kmeans_clear = declare("ockham_kmeans_clear", None, c.POINTER(ockham_kmeans))
ockham_nearest = declare(
    "ockham_nearest",
    c.c_int,
    ockham_rows,
    c.POINTER(c.c_double),
    c.c_size_t,
    c.c_size_t,
    c.POINTER(c.c_uint32),
    c.POINTER(c.c_double),
    c.POINTER(ockham_error),
)
ockham_covariance_name = declare("ockham_covariance_name", c.c_char_p, c.c_int)
ockham_covariance_text = declare("ockham_covariance_text", c.c_char_p, c.c_int)
ockham_covariance_find = declare("ockham_covariance_find", c.c_int, c.c_char_p)
ockham_covariance_size = declare("ockham_covariance_size", c.c_size_t, c.c_int, c.c_size_t)
ockham_covariance_parameters = declare("ockham_covariance_parameters", c.c_double, c.c_int, c.c_size_t, c.c_size_t)
ockham_mixture_fit = declare(
    "ockham_mixture_fit",
    c.c_int,
    ockham_rows,
    c.POINTER(ockham_mixture_options),
    c.POINTER(c.c_uint32),
    c.POINTER(ockham_mixture),
    c.POINTER(ockham_error),
)
ockham_mixture_clear = declare("ockham_mixture_clear", None, c.POINTER(ockham_mixture))
ockham_mixture_check = declare("ockham_mixture_check", c.c_int, c.POINTER(ockham_mixture), c.POINTER(ockham_error))
ockham_mixture_predict = declare(
    "ockham_mixture_predict",
    c.c_int,
    c.POINTER(ockham_mixture),
    ockham_rows,
    c.c_size_t,
    c.POINTER(c.c_uint32),
    c.POINTER(c.c_double),
    c.POINTER(c.c_double),
    c.POINTER(ockham_error),
)
ockham_criteria = declare("ockham_criteria", c.POINTER(ockham_criterion), c.POINTER(c.c_size_t))
ockham_criterion_find = declare("ockham_criterion_find", c.POINTER(ockham_criterion), c.c_char_p)
ockham_criterion_has_evidence = declare(
    "ockham_criterion_has_evidence",
    c.c_bool,
    c.POINTER(ockham_criterion),
    c.POINTER(ockham_curve),
)
ockham_criterion_value = declare(
    "ockham_criterion_value",
    c.c_double,
    c.POINTER(ockham_criterion),
    c.POINTER(ockham_curve),
    c.c_size_t,
)
ockham_criterion_choose = declare(
    "ockham_criterion_choose",
    c.c_size_t,
    c.POINTER(ockham_criterion),
    c.POINTER(ockham_curve),
)
ockham_score_bic = declare("ockham_score_bic", ockham_fit_score, c.POINTER(ockham_curve), c.c_size_t)
ockham_score_bicc = declare("ockham_score_bicc", ockham_fit_score, c.POINTER(ockham_curve), c.c_size_t)
ockham_score_aic = declare("ockham_score_aic", ockham_fit_score, c.POINTER(ockham_curve), c.c_size_t)
ockham_one_cluster_suffices = declare("ockham_one_cluster_suffices", c.c_bool, c.POINTER(ockham_curve), c.c_size_t)
ockham_bic_weights = declare("ockham_bic_weights", None, c.POINTER(ockham_curve), c.POINTER(c.c_double))
ockham_kneedle = declare("ockham_kneedle", c.c_size_t, c.POINTER(c.c_double), c.POINTER(c.c_double), c.c_size_t)
ockham_table_read = declare(
    "ockham_table_read",
    c.c_int,
    c.c_char_p,
    c.POINTER(ockham_read_options),
    c.POINTER(c.POINTER(ockham_table)),
    c.POINTER(ockham_error),
)
ockham_table_free = declare("ockham_table_free", None, c.POINTER(ockham_table))
ockham_table_rows = declare("ockham_table_rows", ockham_rows, c.POINTER(ockham_table))
ockham_table_column_name = declare("ockham_table_column_name", c.c_char_p, c.POINTER(ockham_table), c.c_size_t)
ockham_table_labels = declare("ockham_table_labels", c.POINTER(c.c_uint32), c.POINTER(ockham_table))
ockham_table_n_label_values = declare("ockham_table_n_label_values", c.c_size_t, c.POINTER(ockham_table))
ockham_table_label_text = declare("ockham_table_label_text", c.c_char_p, c.POINTER(ockham_table), c.c_uint32)
ockham_table_weights = declare("ockham_table_weights", c.POINTER(c.c_double), c.POINTER(ockham_table))
ockham_table_n_texts = declare("ockham_table_n_texts", c.c_size_t, c.POINTER(ockham_table), c.c_size_t)
ockham_table_text = declare("ockham_table_text", c.c_char_p, c.POINTER(ockham_table), c.c_size_t, c.c_size_t)
ockham_table_times = declare("ockham_table_times", c.POINTER(c.c_double), c.POINTER(ockham_table))
ockham_table_source_row = declare("ockham_table_source_row", c.c_uint64, c.POINTER(ockham_table), c.c_size_t)
ockham_table_n_unused_columns = declare("ockham_table_n_unused_columns", c.c_size_t, c.POINTER(ockham_table))
ockham_table_n_rows_dropped = declare("ockham_table_n_rows_dropped", c.c_uint64, c.POINTER(ockham_table))
ockham_table_n_cells_filled = declare("ockham_table_n_cells_filled", c.c_uint64, c.POINTER(ockham_table))
ockham_reader_open = declare(
    "ockham_reader_open",
    c.c_int,
    c.c_char_p,
    c.POINTER(ockham_read_options),
    c.POINTER(c.POINTER(ockham_reader)),
    c.POINTER(ockham_error),
)
ockham_reader_n_columns = declare("ockham_reader_n_columns", c.c_size_t, c.POINTER(ockham_reader))
ockham_reader_column_name = declare("ockham_reader_column_name", c.c_char_p, c.POINTER(ockham_reader), c.c_size_t)
ockham_reader_next = declare(
    "ockham_reader_next",
    c.c_int,
    c.POINTER(ockham_reader),
    c.POINTER(ockham_rows),
    c.POINTER(ockham_error),
)
ockham_reader_weights = declare("ockham_reader_weights", c.POINTER(c.c_double), c.POINTER(ockham_reader))
ockham_reader_n_texts = declare("ockham_reader_n_texts", c.c_size_t, c.POINTER(ockham_reader), c.c_size_t)
ockham_reader_text = declare("ockham_reader_text", c.c_char_p, c.POINTER(ockham_reader), c.c_size_t, c.c_size_t)
ockham_reader_times = declare("ockham_reader_times", c.POINTER(c.c_double), c.POINTER(ockham_reader))
ockham_reader_source_row = declare("ockham_reader_source_row", c.c_uint64, c.POINTER(ockham_reader), c.c_size_t)
ockham_reader_labels = declare("ockham_reader_labels", c.POINTER(c.c_uint32), c.POINTER(ockham_reader))
ockham_reader_n_label_values = declare("ockham_reader_n_label_values", c.c_size_t, c.POINTER(ockham_reader))
ockham_reader_n_rows_dropped = declare("ockham_reader_n_rows_dropped", c.c_uint64, c.POINTER(ockham_reader))
ockham_reader_n_unused_columns = declare("ockham_reader_n_unused_columns", c.c_size_t, c.POINTER(ockham_reader))
ockham_reader_rewind = declare("ockham_reader_rewind", c.c_int, c.POINTER(ockham_reader), c.POINTER(ockham_error))
ockham_reader_source = declare(
    "ockham_reader_source",
    c.c_int,
    c.POINTER(ockham_reader),
    c.POINTER(ockham_row_source),
    c.POINTER(ockham_error),
)
ockham_reader_close = declare("ockham_reader_close", None, c.POINTER(ockham_reader))
ockham_scaling_fit = declare(
    "ockham_scaling_fit",
    c.c_int,
    ockham_rows,
    c.c_int,
    c.POINTER(ockham_scaling),
    c.POINTER(ockham_error),
)
ockham_scaling_fit_weighted = declare(
    "ockham_scaling_fit_weighted",
    c.c_int,
    ockham_rows,
    c.POINTER(c.c_double),
    c.c_int,
    c.POINTER(ockham_scaling),
    c.POINTER(ockham_error),
)
ockham_scaling_apply = declare("ockham_scaling_apply", None, c.POINTER(ockham_scaling), ockham_rows, c.c_void_p)
ockham_scaling_clear = declare("ockham_scaling_clear", None, c.POINTER(ockham_scaling))
ockham_reader_scale = declare("ockham_reader_scale", None, c.POINTER(ockham_reader), c.POINTER(ockham_scaling))
ockham_overview_take = declare(
    "ockham_overview_take",
    c.c_int,
    c.POINTER(ockham_row_source),
    c.c_size_t,
    c.c_uint64,
    c.POINTER(ockham_progress),
    c.POINTER(ockham_overview),
    c.POINTER(ockham_error),
)
ockham_overview_clear = declare("ockham_overview_clear", None, c.POINTER(ockham_overview))
ockham_overview_fit_scaling = declare(
    "ockham_overview_fit_scaling",
    c.c_int,
    c.POINTER(ockham_overview),
    c.c_int,
    c.POINTER(ockham_scaling),
    c.POINTER(ockham_error),
)
ockham_overview_scale = declare("ockham_overview_scale", None, c.POINTER(ockham_overview), c.POINTER(ockham_scaling))
ockham_table_scale = declare("ockham_table_scale", None, c.POINTER(ockham_table), c.POINTER(ockham_scaling))
ockham_generate_blobs = declare(
    "ockham_generate_blobs",
    c.c_int,
    c.POINTER(ockham_blobs_options),
    c.POINTER(c.POINTER(ockham_table)),
    c.POINTER(ockham_error),
)
ockham_table_write = declare(
    "ockham_table_write",
    c.c_int,
    c.POINTER(ockham_table),
    c.c_char_p,
    c.POINTER(ockham_error),
)
ockham_writer_open = declare(
    "ockham_writer_open",
    c.c_int,
    c.c_char_p,
    c.POINTER(c.c_char_p),
    c.c_size_t,
    c.POINTER(c.POINTER(ockham_writer)),
    c.POINTER(ockham_error),
)
ockham_writer_put = declare(
    "ockham_writer_put",
    c.c_int,
    c.POINTER(ockham_writer),
    ockham_rows,
    c.POINTER(ockham_error),
)
ockham_writer_close = declare("ockham_writer_close", c.c_int, c.POINTER(ockham_writer), c.POINTER(ockham_error))
ockham_writer_abandon = declare("ockham_writer_abandon", None, c.POINTER(ockham_writer))
ockham_lm_factors = declare("ockham_lm_factors", c.POINTER(ockham_lm_factor), c.POINTER(c.c_size_t))
ockham_lm_config_set = declare(
    "ockham_lm_config_set",
    c.c_int,
    c.POINTER(ockham_lm_config),
    c.c_char_p,
    c.POINTER(ockham_error),
)
ockham_lm_config_complete = declare(
    "ockham_lm_config_complete",
    c.c_int,
    c.POINTER(ockham_lm_config),
    c.POINTER(ockham_error),
)
ockham_lm_config_text = declare("ockham_lm_config_text", c.POINTER(c.c_char), c.POINTER(ockham_lm_config))
ockham_lm_cost_of = declare(
    "ockham_lm_cost_of",
    c.c_int,
    c.POINTER(ockham_lm_config),
    c.POINTER(ockham_lm_cost),
    c.POINTER(ockham_error),
)
ockham_lm_trainer = declare("ockham_lm_trainer", ockham_trainer, c.c_char_p)
ockham_corpus_prepare = declare(
    "ockham_corpus_prepare",
    c.c_int,
    c.POINTER(ockham_corpus_options),
    c.c_char_p,
    c.POINTER(ockham_corpus_facts),
    c.POINTER(ockham_error),
)
ockham_corpus_synthetic = declare(
    "ockham_corpus_synthetic",
    c.c_int,
    c.c_uint64,
    c.c_size_t,
    c.c_uint64,
    c.POINTER(c.POINTER(ockham_corpus)),
    c.POINTER(c.c_double),
    c.POINTER(ockham_error),
)
ockham_corpus_open = declare(
    "ockham_corpus_open",
    c.c_int,
    c.c_char_p,
    c.POINTER(c.POINTER(ockham_corpus)),
    c.POINTER(ockham_error),
)
ockham_corpus_write = declare(
    "ockham_corpus_write",
    c.c_int,
    c.POINTER(ockham_corpus),
    c.c_char_p,
    c.POINTER(ockham_error),
)
ockham_corpus_look = declare("ockham_corpus_look", ockham_corpus_facts, c.POINTER(ockham_corpus))
ockham_corpus_free = declare("ockham_corpus_free", None, c.POINTER(ockham_corpus))
ockham_lm_result_clear = declare("ockham_lm_result_clear", None, c.POINTER(ockham_lm_result))
ockham_lm_train = declare(
    "ockham_lm_train",
    c.c_int,
    c.POINTER(ockham_lm_config),
    c.POINTER(ockham_corpus),
    c.POINTER(ockham_lm_train_options),
    c.POINTER(ockham_lm_result),
    c.POINTER(ockham_error),
)
ockham_lm_load = declare(
    "ockham_lm_load",
    c.c_int,
    c.c_char_p,
    c.POINTER(c.POINTER(ockham_lm)),
    c.POINTER(ockham_error),
)
ockham_lm_config_of = declare("ockham_lm_config_of", c.POINTER(ockham_lm_config), c.POINTER(ockham_lm))
ockham_lm_free = declare("ockham_lm_free", None, c.POINTER(ockham_lm))
ockham_lm_sample = declare(
    "ockham_lm_sample",
    c.c_int,
    c.POINTER(ockham_lm),
    c.POINTER(ockham_lm_sample_options),
    c.POINTER(ockham_error),
)
ockham_profile_fit = declare(
    "ockham_profile_fit",
    c.c_int,
    ockham_rows,
    c.POINTER(ockham_profile_options),
    c.POINTER(c.POINTER(ockham_profile)),
    c.POINTER(ockham_error),
)
ockham_profile_free = declare("ockham_profile_free", None, c.POINTER(ockham_profile))
ockham_profile_look = declare("ockham_profile_look", c.POINTER(ockham_profile_parts), c.POINTER(ockham_profile))
ockham_profile_bin = declare(
    "ockham_profile_bin",
    c.c_int,
    c.POINTER(ockham_profile),
    ockham_rows,
    c.POINTER(c.c_uint16),
    c.POINTER(c.c_double),
    c.POINTER(ockham_error),
)
ockham_profile_match = declare(
    "ockham_profile_match",
    None,
    c.POINTER(ockham_profile),
    c.POINTER(c.c_char_p),
    c.c_size_t,
    c.POINTER(c.c_size_t),
    c.POINTER(c.c_size_t),
)
ockham_profile_category = declare(
    "ockham_profile_category",
    c.c_size_t,
    c.POINTER(ockham_profile),
    c.c_size_t,
    c.c_char_p,
    c.c_size_t,
)
ockham_profile_direction_columns = declare(
    "ockham_profile_direction_columns",
    c.c_size_t,
    c.POINTER(ockham_profile_parts),
    c.c_size_t,
    c.c_size_t,
    c.POINTER(c.c_size_t),
    c.POINTER(c.c_double),
)
ockham_profile_encode = declare(
    "ockham_profile_encode",
    c.c_int,
    c.POINTER(ockham_profile),
    c.POINTER(c.POINTER(c.c_ubyte)),
    c.POINTER(c.c_size_t),
    c.POINTER(ockham_error),
)
ockham_profile_decode = declare(
    "ockham_profile_decode",
    c.c_int,
    c.POINTER(c.c_ubyte),
    c.c_size_t,
    c.c_char_p,
    c.POINTER(c.POINTER(ockham_profile)),
    c.POINTER(ockham_error),
)
ockham_bytes_free = declare("ockham_bytes_free", None, c.POINTER(c.c_ubyte))
ockham_model_new = declare(
    "ockham_model_new",
    c.c_int,
    c.POINTER(ockham_model_parts),
    c.POINTER(c.POINTER(ockham_model)),
    c.POINTER(ockham_error),
)
ockham_model_free = declare("ockham_model_free", None, c.POINTER(ockham_model))
ockham_model_look = declare("ockham_model_look", c.POINTER(ockham_model_parts), c.POINTER(ockham_model))
ockham_model_centroid = declare(
    "ockham_model_centroid",
    None,
    c.POINTER(ockham_model),
    c.c_size_t,
    c.POINTER(c.c_double),
)
ockham_model_deviations = declare(
    "ockham_model_deviations",
    None,
    c.POINTER(ockham_model),
    c.c_size_t,
    c.POINTER(c.c_double),
)
ockham_model_save = declare("ockham_model_save", c.c_int, c.POINTER(ockham_model), c.c_char_p, c.POINTER(ockham_error))
ockham_model_load = declare(
    "ockham_model_load",
    c.c_int,
    c.c_char_p,
    c.POINTER(c.POINTER(ockham_model)),
    c.POINTER(ockham_error),
)
ockham_model_predict = declare(
    "ockham_model_predict",
    c.c_int,
    c.POINTER(ockham_model),
    ockham_rows,
    c.c_size_t,
    c.POINTER(c.c_uint32),
    c.POINTER(c.c_double),
    c.POINTER(ockham_error),
)
ockham_model_posterior = declare(
    "ockham_model_posterior",
    c.c_int,
    c.POINTER(ockham_model),
    ockham_rows,
    c.c_size_t,
    c.POINTER(c.c_uint32),
    c.POINTER(c.c_double),
    c.POINTER(c.c_double),
    c.POINTER(ockham_error),
)
ockham_detector_find = declare("ockham_detector_find", c.c_bool, c.c_char_p, c.POINTER(c.c_int))
ockham_drift_monitor_new = declare(
    "ockham_drift_monitor_new",
    c.c_int,
    c.POINTER(ockham_profile),
    c.POINTER(ockham_drift_options),
    c.POINTER(c.POINTER(ockham_drift_monitor)),
    c.POINTER(ockham_error),
)
ockham_drift_monitor_free = declare("ockham_drift_monitor_free", None, c.POINTER(ockham_drift_monitor))
ockham_drift_monitor_put = declare(
    "ockham_drift_monitor_put",
    c.c_int,
    c.POINTER(ockham_drift_monitor),
    ockham_rows,
    c.POINTER(c.c_double),
    c.POINTER(c.c_size_t),
    c.POINTER(ockham_error),
)
ockham_drift_monitor_look = declare(
    "ockham_drift_monitor_look",
    c.POINTER(ockham_drift_state),
    c.POINTER(ockham_drift_monitor),
)
ockham_drift_monitor_bins = declare(
    "ockham_drift_monitor_bins",
    None,
    c.POINTER(ockham_drift_monitor),
    c.c_size_t,
    c.POINTER(ockham_drift_bin),
)
ockham_drift_monitor_examples = declare(
    "ockham_drift_monitor_examples",
    c.c_size_t,
    c.POINTER(ockham_drift_monitor),
    c.c_size_t,
    c.c_size_t,
    c.c_size_t,
    c.POINTER(c.c_uint64),
    c.POINTER(c.c_double),
)
ockham_drift_monitor_set_budget = declare(
    "ockham_drift_monitor_set_budget",
    None,
    c.POINTER(ockham_drift_monitor),
    c.c_double,
)
ockham_drift_monitor_reset = declare("ockham_drift_monitor_reset", None, c.POINTER(ockham_drift_monitor))
ockham_drift_compare = declare(
    "ockham_drift_compare",
    c.c_int,
    c.POINTER(ockham_profile),
    ockham_rows,
    c.POINTER(ockham_drift_options),
    c.POINTER(ockham_progress),
    c.POINTER(c.POINTER(ockham_drift_comparison)),
    c.POINTER(ockham_error),
)
ockham_drift_comparison_free = declare("ockham_drift_comparison_free", None, c.POINTER(ockham_drift_comparison))
ockham_drift_examples = declare(
    "ockham_drift_examples",
    c.c_int,
    c.POINTER(ockham_profile),
    ockham_rows,
    c.c_size_t,
    c.c_size_t,
    c.c_uint64,
    c.POINTER(c.c_uint64),
    c.POINTER(ockham_error),
)
ockham_drift_rehearse = declare(
    "ockham_drift_rehearse",
    c.c_int,
    c.POINTER(ockham_profile),
    ockham_rows,
    c.c_uint64,
    c.c_size_t,
    c.POINTER(ockham_progress),
    c.POINTER(ockham_error),
)
ockham_stream_new = declare(
    "ockham_stream_new",
    c.c_int,
    c.POINTER(ockham_stream_options),
    c.POINTER(c.POINTER(ockham_stream)),
    c.POINTER(ockham_error),
)
ockham_stream_free = declare("ockham_stream_free", None, c.POINTER(ockham_stream))
ockham_stream_put = declare("ockham_stream_put", c.c_bool, c.POINTER(ockham_stream), c.c_double)
ockham_stream_set_budget = declare("ockham_stream_set_budget", None, c.POINTER(ockham_stream), c.c_double)
ockham_stream_look = declare("ockham_stream_look", ockham_stream_state, c.POINTER(ockham_stream))
ockham_sweep_run = declare(
    "ockham_sweep_run",
    c.c_int,
    ockham_rows,
    c.POINTER(ockham_sweep_options),
    c.POINTER(c.POINTER(ockham_sweep)),
    c.POINTER(ockham_error),
)
ockham_sweep_free = declare("ockham_sweep_free", None, c.POINTER(ockham_sweep))
ockham_sweep_run_source = declare(
    "ockham_sweep_run_source",
    c.c_int,
    c.POINTER(ockham_row_source),
    c.POINTER(ockham_overview),
    c.c_size_t,
    c.POINTER(ockham_sweep_options),
    c.POINTER(c.POINTER(ockham_sweep)),
    c.POINTER(ockham_error),
)
ockham_sweep_sample_rows = declare(
    "ockham_sweep_sample_rows",
    c.c_int,
    c.c_size_t,
    c.c_size_t,
    c.POINTER(ockham_sweep_options),
    c.POINTER(c.c_size_t),
    c.POINTER(ockham_error),
)
ockham_sweep_fits = declare("ockham_sweep_fits", c.c_bool, c.c_uint64, c.c_size_t, c.c_size_t)
ockham_sweep_curve = declare("ockham_sweep_curve", c.POINTER(ockham_curve), c.POINTER(ockham_sweep))
ockham_sweep_verdict = declare("ockham_sweep_verdict", ockham_verdict, c.POINTER(ockham_sweep))
ockham_sweep_work = declare("ockham_sweep_work", ockham_work, c.POINTER(ockham_sweep))
ockham_sweep_half_count = declare("ockham_sweep_half_count", c.c_size_t, c.POINTER(ockham_sweep), c.c_size_t)
ockham_sweep_verdict_labels = declare(
    "ockham_sweep_verdict_labels",
    c.c_int,
    c.POINTER(ockham_sweep),
    ockham_rows,
    c.c_size_t,
    c.POINTER(c.c_uint32),
    c.POINTER(ockham_error),
)
ockham_sweep_labels = declare(
    "ockham_sweep_labels",
    c.c_int,
    c.POINTER(ockham_sweep),
    ockham_rows,
    c.c_size_t,
    c.c_size_t,
    c.POINTER(c.c_uint32),
    c.POINTER(ockham_error),
)
ockham_agreement_measure = declare(
    "ockham_agreement_measure",
    c.c_int,
    c.POINTER(c.c_uint32),
    c.POINTER(c.c_uint32),
    c.c_size_t,
    c.POINTER(ockham_agreement),
    c.POINTER(ockham_error),
)
ockham_agreement_of_counts = declare(
    "ockham_agreement_of_counts",
    c.c_int,
    c.POINTER(c.c_uint64),
    c.c_size_t,
    c.c_size_t,
    c.POINTER(ockham_agreement),
    c.POINTER(ockham_error),
)
ockham_principal_axes_fit = declare(
    "ockham_principal_axes_fit",
    c.c_int,
    ockham_rows,
    c.POINTER(c.c_double),
    c.c_size_t,
    c.c_size_t,
    c.POINTER(ockham_principal_axes),
    c.POINTER(ockham_error),
)
ockham_principal_axes_project = declare(
    "ockham_principal_axes_project",
    None,
    c.POINTER(ockham_principal_axes),
    ockham_rows,
    c.POINTER(c.c_double),
)
ockham_principal_axes_clear = declare("ockham_principal_axes_clear", None, c.POINTER(ockham_principal_axes))
ockham_report_sweep = declare(
    "ockham_report_sweep",
    c.c_int,
    c.POINTER(ockham_sweep),
    c.POINTER(ockham_report_options),
    c.POINTER(c.POINTER(c.c_char)),
    c.POINTER(ockham_error),
)
ockham_report_shows = declare(
    "ockham_report_shows",
    c.c_bool,
    c.POINTER(ockham_curve),
    c.POINTER(ockham_criterion),
    c.c_bool,
    c.POINTER(ockham_criterion),
)
ockham_text_free = declare("ockham_text_free", None, c.POINTER(c.c_char))
ockham_text_write = declare("ockham_text_write", c.c_int, c.c_char_p, c.c_char_p, c.POINTER(ockham_error))
ockham_report_page = declare(
    "ockham_report_page",
    c.c_int,
    c.POINTER(ockham_sweep),
    ockham_rows,
    c.POINTER(c.c_uint32),
    c.POINTER(ockham_page_options),
    c.POINTER(c.POINTER(c.c_char)),
    c.POINTER(ockham_error),
)
ockham_report_drift = declare(
    "ockham_report_drift",
    c.c_int,
    c.POINTER(ockham_drift_account),
    c.POINTER(ockham_drift_report_options),
    c.POINTER(c.POINTER(c.c_char)),
    c.POINTER(ockham_error),
)
ockham_report_drift_alarm = declare(
    "ockham_report_drift_alarm",
    c.c_int,
    c.POINTER(ockham_drift_account),
    c.POINTER(ockham_drift_report_options),
    c.POINTER(c.POINTER(c.c_char)),
    c.POINTER(ockham_error),
)
ockham_report_drift_page = declare(
    "ockham_report_drift_page",
    c.c_int,
    c.POINTER(ockham_drift_account),
    c.POINTER(c.POINTER(c.c_char)),
    c.POINTER(ockham_error),
)
ockham_report_ablation = declare(
    "ockham_report_ablation",
    c.c_int,
    c.POINTER(ockham_ablation_account),
    c.POINTER(ockham_ablation_report_options),
    c.POINTER(c.POINTER(c.c_char)),
    c.POINTER(ockham_error),
)
ockham_report_ablation_page = declare(
    "ockham_report_ablation_page",
    c.c_int,
    c.POINTER(ockham_ablation_account),
    c.POINTER(c.POINTER(c.c_char)),
    c.POINTER(ockham_error),
)
ockham_report_has_page = declare("ockham_report_has_page", c.c_bool)
ockham_report_check_page = declare("ockham_report_check_page", c.c_int, c.POINTER(ockham_error))
ockham_splits_fit = declare(
    "ockham_splits_fit",
    c.c_int,
    ockham_rows,
    c.POINTER(ockham_splits_options),
    c.POINTER(c.c_uint32),
    c.POINTER(ockham_kmeans),
    c.POINTER(ockham_error),
)
