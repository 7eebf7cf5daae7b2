//! Which number types a device computes in.

use super::cpu;
use candle_core::{DType, Device, Result, Tensor};

/// The number type that networks compute in by default: the fastest whose pictures are as good.
pub fn default_dtype(device: &Device) -> DType {
    match (device, cpu::path()) {
        (Device::Cpu, cpu::Path::Amx) => DType::BF16,
        (Device::Cpu, _) => DType::F32,
        _ => DType::F16,
    }
}

/// Whether networks can compute in this number type on this device.
pub fn supports(device: &Device, dtype: DType) -> bool {
    match device {
        Device::Cpu => matches!(dtype, DType::F32 | DType::BF16),
        _ => matches!(dtype, DType::F32 | DType::F16 | DType::BF16),
    }
}

/// The number type of layers that cost next to nothing and whose rounding all later layers would feel: f32 where the
/// processor's kernels compute in bf16.
pub fn precise_dtype(device: &Device, dtype: DType) -> DType {
    if rounds_late(device, dtype) { DType::F32 } else { dtype }
}

/// The number type of attention scores that must not be rounded to half precision. The processor's kernels sum in f32
/// whatever they read.
pub fn upcast_dtype(device: &Device, dtype: DType) -> DType {
    if device.is_cpu() { dtype } else { DType::F32 }
}

/// `x` as the input of a network that computes in this number type. The processor's kernels for bf16 read f32 too, and
/// round no earlier than they have to.
///
/// # Errors
/// If the device has no room for it.
pub fn cast_input(x: &Tensor, dtype: DType) -> Result<Tensor> {
    if rounds_late(x.device(), dtype) {
        Ok(x.clone())
    } else {
        x.to_dtype(dtype)
    }
}

/// Whether kernels read f32 where they compute in this number type.
fn rounds_late(device: &Device, dtype: DType) -> bool {
    device.is_cpu() && dtype == DType::BF16
}

/// The name of the instructions that the processor's kernels use: `amx`, `avx512`, `avx2` or `portable`.
pub fn path_name() -> &'static str {
    cpu::path().name()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_should_be_supported() {
        assert!(supports(&Device::Cpu, default_dtype(&Device::Cpu)));
        assert!(
            supports(&Device::Cpu, DType::F32),
            "f32 is the reference for the others"
        );
        assert!(
            !supports(&Device::Cpu, DType::U8),
            "networks do not compute in whole numbers"
        );
    }
}
