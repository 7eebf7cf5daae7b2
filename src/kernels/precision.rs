//! In which number formats the kernels compute, and which one is the fastest.

use candle_core::DType;
use candle_core::Device;

/// The number format that networks are fastest in on this device without a visible loss.
pub fn default_dtype(device: &Device) -> DType {
    if device.is_cpu() { DType::F32 } else { DType::F16 }
}

/// Whether every operation of this module can be computed on `device` in `dtype`.
pub fn supports(device: &Device, dtype: DType) -> bool {
    match dtype {
        DType::F32 => true,
        DType::F16 => !device.is_cpu(),
        DType::BF16 => device.supports_bf16(),
        _ => false,
    }
}

/// Name of the kernels that serve on the CPU of this computer.
pub fn path_name() -> &'static str {
    "portable"
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
