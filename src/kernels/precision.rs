//! Which number format a device is fastest in.

use super::cpu;
use candle_core::DType;
use candle_core::Device;

/// The format that networks compute in unless someone asks for another: the fastest whose pictures are as good.
pub fn default_dtype(device: &Device) -> DType {
    match (device, cpu::path()) {
        (Device::Cpu, cpu::Path::Amx) => DType::BF16,
        (Device::Cpu, _) => DType::F32,
        _ => DType::F16,
    }
}

/// Whether networks can compute in this format on this device.
pub fn supports(device: &Device, dtype: DType) -> bool {
    match device {
        Device::Cpu => matches!(dtype, DType::F32 | DType::BF16),
        _ => matches!(dtype, DType::F32 | DType::F16 | DType::BF16),
    }
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
