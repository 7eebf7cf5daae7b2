//! Noise levels and times in words.

/// Three figures that matter.
pub(in crate::ui) fn sigma_text(sigma: f64) -> String {
    if sigma >= 10.0 {
        format!("{sigma:.1}")
    } else {
        format!("{sigma:.2}")
    }
}

/// A time in seconds, with three figures at most.
pub(in crate::ui) fn secs_text(secs: f64) -> String {
    match secs {
        secs if secs < 1.0 => format!("{secs:.2}"),
        secs if secs < 100.0 => format!("{secs:.1}"),
        secs => format!("{secs:.0}"),
    }
}
