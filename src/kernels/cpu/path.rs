//! Which instructions this processor has, found once at run time.

use std::sync::OnceLock;

/// Name of the environment variable that forces a path: `amx`, `avx512`, `avx2` or `portable`.
pub(crate) const VARIABLE: &str = "HARERU_KERNELS";

/// The ways to compute, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Path {
    /// AMX tiles for bf16, AVX-512 for the rest.
    Amx,
    /// AVX-512, with the bf16 dot product where the processor has it.
    Avx512,
    /// AVX2 with FMA.
    Avx2,
    /// What the compiler makes of plain Rust; NEON on Arm.
    Portable,
}

impl Path {
    const ALL: [Self; 4] = [Self::Amx, Self::Avx512, Self::Avx2, Self::Portable];

    /// The name that [`VARIABLE`] knows.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Amx => "amx",
            Self::Avx512 => "avx512",
            Self::Avx2 => "avx2",
            Self::Portable => "portable",
        }
    }

    /// Whether this processor and its operating system can run it.
    pub(crate) fn is_supported(self) -> bool {
        #[cfg(target_arch = "x86_64")]
        {
            let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
            let avx512 = avx2
                && is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512cd")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl");
            match self {
                Self::Amx => avx512 && is_x86_feature_detected!("avx512bf16") && super::amx::is_available(),
                Self::Avx512 => avx512,
                Self::Avx2 => avx2,
                Self::Portable => true,
            }
        }
        #[cfg(not(target_arch = "x86_64"))]
        {
            self == Self::Portable
        }
    }

    /// The paths that this machine has, best first.
    pub(crate) fn supported() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|path| path.is_supported())
    }
}

/// The path in use: the one [`VARIABLE`] asks for if this machine has it, else the best.
pub(crate) fn path() -> Path {
    static PATH: OnceLock<Path> = OnceLock::new();
    *PATH.get_or_init(|| {
        let best = Path::supported().next().unwrap_or(Path::Portable);
        let Ok(asked) = std::env::var(VARIABLE) else {
            return best;
        };
        Path::supported().find(|path| path.name() == asked).unwrap_or_else(|| {
            tracing::warn!(
                "{VARIABLE} asks for {asked:?}, this machine has {:?}; using {}",
                Path::supported().map(Path::name).collect::<Vec<_>>(),
                best.name()
            );
            best
        })
    })
}

/// Runs `work` compiled for the path in use, so that its loops over slices become this processor's vectors.
pub(crate) fn vectorised<R>(work: impl FnOnce() -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,fma,avx2,f16c,bmi2")]
        fn avx512<R>(work: impl FnOnce() -> R) -> R {
            work()
        }
        #[target_feature(enable = "avx2,fma,f16c,bmi2")]
        fn avx2<R>(work: impl FnOnce() -> R) -> R {
            work()
        }
        match path() {
            // SAFETY: a path is only ever in use where the processor has its instructions.
            Path::Amx | Path::Avx512 => return unsafe { avx512(work) },
            // SAFETY: as above.
            Path::Avx2 => return unsafe { avx2(work) },
            Path::Portable => {}
        }
    }
    work()
}
