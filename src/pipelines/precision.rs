//! What a precision means on a device.

use candle_core::{DType, Device, DeviceLocation};

use super::PipelineError;
use crate::job::{DeviceInfo, Precision};
use crate::kernels;

/// Describes the device that computes.
pub fn describe_device(device: &Device) -> DeviceInfo {
    let askable = Precision::ALL
        .into_iter()
        .filter(|precision| *precision != Precision::Auto);
    let supported = askable.filter(|precision| kernels::supports(device, dtype_of(*precision, device)));
    DeviceInfo {
        name: match device.location() {
            DeviceLocation::Cpu => "CPU",
            DeviceLocation::Cuda { .. } => "CUDA device",
            DeviceLocation::Metal { .. } => "Metal device",
        },
        automatic: precision_of(kernels::default_dtype(device)),
        supported: supported.collect(),
    }
}

/// The precision that is meant by `wanted` on this device, which is never [`Precision::Auto`].
///
/// # Errors
/// [`PipelineError::Precision`] if the device cannot compute in it.
pub fn resolve_precision(wanted: Precision, device: &Device) -> Result<Precision, PipelineError> {
    resolve_dtype(wanted, device).map(precision_of)
}

/// The same as the number format of tensors.
///
/// # Errors
/// As [`resolve_precision`].
pub(super) fn resolve_dtype(wanted: Precision, device: &Device) -> Result<DType, PipelineError> {
    let info = describe_device(device);
    if info.supports(wanted) {
        return Ok(dtype_of(wanted, device));
    }
    let ids: Vec<_> = info.supported.iter().map(|precision| precision.id()).collect();
    Err(PipelineError::Precision {
        device: info.name,
        expected: format!("auto or {}", ids.join(" or ")),
        found: wanted,
    })
}

/// The tensors' number format.
pub(super) fn dtype_of(precision: Precision, device: &Device) -> DType {
    match precision {
        Precision::Auto => kernels::default_dtype(device),
        Precision::F32 => DType::F32,
        Precision::F16 => DType::F16,
        Precision::Bf16 => DType::BF16,
    }
}

/// The precision of tensors of this format.
pub(super) fn precision_of(dtype: DType) -> Precision {
    match dtype {
        DType::F16 => Precision::F16,
        DType::BF16 => Precision::Bf16,
        _ => Precision::F32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn automatic_should_come_to_something_the_device_supports() {
        let info = describe_device(&Device::Cpu);
        assert_eq!(info.name, "CPU");
        assert!(info.supported.contains(&info.automatic));
        assert_eq!(
            resolve_precision(Precision::Auto, &Device::Cpu).unwrap(),
            info.automatic
        );
    }

    #[test]
    fn what_the_device_cannot_do_should_be_refused_with_what_it_can() {
        for precision in Precision::ALL {
            let outcome = resolve_precision(precision, &Device::Cpu);
            if describe_device(&Device::Cpu).supports(precision) {
                assert_ne!(outcome.unwrap(), Precision::Auto);
            } else {
                let message = outcome.unwrap_err().to_string();
                assert!(message.starts_with("precision must be auto or f32"), "{message}");
                assert!(
                    message.ends_with(&format!("on this CPU, found {precision}")),
                    "{message}"
                );
            }
        }
    }
}
