//! Which micro-kernel multiplies, chosen when the program runs.

#[cfg(target_arch = "x86_64")]
use super::amx;
#[cfg(target_arch = "x86_64")]
use super::avx512;
use super::fma;
use super::micro::MicroKernel;
use crate::kernels::cpu::element::Element;
use crate::kernels::cpu::path::{Path, path};
use half::bf16;

/// What [`GemmElement::dispatch`] does with the processor's micro-kernel.
pub(crate) trait WithMicroKernel<E: Element> {
    type Output;
    fn run<M: MicroKernel<Element = E>>(self, micro: M) -> Self::Output;
}

/// Formats that have micro-kernels.
pub(crate) trait GemmElement: Element {
    /// Numbers of a panel's column that lie next to each other: bf16 is multiplied in pairs.
    const PAIR: usize;
    /// Hands the kernel of the path in use to `work`.
    fn dispatch<W: WithMicroKernel<Self>>(work: W) -> W::Output;
}

impl GemmElement for f32 {
    const PAIR: usize = 1;

    fn dispatch<W: WithMicroKernel<Self>>(work: W) -> W::Output {
        match path() {
            #[cfg(target_arch = "x86_64")]
            Path::Amx | Path::Avx512 => match fma::Avx512::try_new() {
                Some(micro) => work.run(micro),
                None => work.run(fma::Portable),
            },
            #[cfg(target_arch = "x86_64")]
            Path::Avx2 => match fma::Avx2::try_new() {
                Some(micro) => work.run(micro),
                None => work.run(fma::Portable),
            },
            _ => work.run(fma::Portable),
        }
    }
}

impl GemmElement for bf16 {
    const PAIR: usize = 2;

    fn dispatch<W: WithMicroKernel<Self>>(work: W) -> W::Output {
        match path() {
            #[cfg(target_arch = "x86_64")]
            Path::Amx => match amx::AmxBf16::try_new() {
                Some(micro) => work.run(micro),
                None => work.run(fma::PortableBf16),
            },
            #[cfg(target_arch = "x86_64")]
            Path::Avx512 => match avx512::Avx512Bf16::try_new() {
                Some(micro) => work.run(micro),
                None => work.run(fma::PortableBf16),
            },
            _ => work.run(fma::PortableBf16),
        }
    }
}
