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
