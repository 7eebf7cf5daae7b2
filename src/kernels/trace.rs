//! Where the time goes: calls and seconds of each operation, counted only while a trace is running.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// An operation as the networks call it, with what it does before and after its product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// Convolutions, with the normalisation of what they read.
    Conv2d,
    /// Linear maps.
    Linear,
    /// Gated linear maps.
    LinearGeGlu,
    /// Attention without its linear maps.
    Attention,
    /// Group normalisation that no convolution reads.
    GroupNorm,
    /// Layer normalisation.
    LayerNorm,
}

impl Op {
    const ALL: [Self; 6] = [
        Self::Conv2d,
        Self::Linear,
        Self::LinearGeGlu,
        Self::Attention,
        Self::GroupNorm,
        Self::LayerNorm,
    ];

    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Conv2d => "conv2d",
            Self::Linear => "linear",
            Self::LinearGeGlu => "linear_geglu",
            Self::Attention => "attention",
            Self::GroupNorm => "group_norm",
            Self::LayerNorm => "layer_norm",
        }
    }
}

/// What an operation cost since [`start`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpTime {
    /// Which.
    pub op: Op,
    /// How often it was called.
    pub calls: u64,
    /// Wall time of all calls together.
    pub time: Duration,
}

struct Counter {
    calls: AtomicU64,
    nanos: AtomicU64,
}

static IS_ON: AtomicBool = AtomicBool::new(false);
static COUNTERS: [Counter; Op::ALL.len()] = [const {
    Counter {
        calls: AtomicU64::new(0),
        nanos: AtomicU64::new(0),
    }
}; Op::ALL.len()];

/// Forgets what was counted and counts from now on, in the whole process.
pub fn start() {
    for counter in &COUNTERS {
        counter.calls.store(0, Ordering::Relaxed);
        counter.nanos.store(0, Ordering::Relaxed);
    }
    IS_ON.store(true, Ordering::Relaxed);
}

/// Ends the counting and returns its outcome, without the operations that were never called.
pub fn take() -> Vec<OpTime> {
    IS_ON.store(false, Ordering::Relaxed);
    Op::ALL
        .into_iter()
        .zip(&COUNTERS)
        .map(|(op, counter)| OpTime {
            op,
            calls: counter.calls.load(Ordering::Relaxed),
            time: Duration::from_nanos(counter.nanos.load(Ordering::Relaxed)),
        })
        .filter(|op| op.calls > 0)
        .collect()
}

/// Counts an operation until it is dropped.
pub(super) struct Span(Option<(Op, Instant)>);

/// Begins an operation; costs one load while nobody counts.
pub(super) fn span(op: Op) -> Span {
    Span(IS_ON.load(Ordering::Relaxed).then(|| (op, Instant::now())))
}

impl Drop for Span {
    fn drop(&mut self) {
        if let Some((op, began)) = self.0 {
            let counter = &COUNTERS[op as usize];
            counter.calls.fetch_add(1, Ordering::Relaxed);
            let nanos = u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX);
            counter.nanos.fetch_add(nanos, Ordering::Relaxed);
        }
    }
}
