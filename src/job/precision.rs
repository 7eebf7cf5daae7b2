//! The number format that networks compute in.

/// The number format that the networks compute in. It belongs to how a picture is made, not to what it shows: the
/// formats differ in speed, memory and the last digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// What the device is fastest at.
    #[default]
    Auto,
    /// 32 bits, the reference for the others.
    F32,
    /// 16 bits: 11 of them significant, up to 65,504.
    F16,
    /// 16 bits: 8 of them significant, the range of f32.
    Bf16,
}

impl Precision {
    /// Every precision, in the order a list shows them.
    pub const ALL: [Self; 4] = [Self::Auto, Self::F32, Self::F16, Self::Bf16];

    /// Stable name in records, in the settings and on the command line.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::Bf16 => "bf16",
        }
    }
}

impl std::fmt::Display for Precision {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.id())
    }
}

/// No precision of that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected auto, f32, f16 or bf16, found {found:?}")]
pub struct UnknownPrecision {
    /// The name asked for.
    pub found: String,
}

impl std::str::FromStr for Precision {
    type Err = UnknownPrecision;

    fn from_str(id: &str) -> Result<Self, UnknownPrecision> {
        let known = Self::ALL.into_iter().find(|precision| precision.id() == id);
        known.ok_or_else(|| UnknownPrecision { found: id.to_owned() })
    }
}

/// The device that computes, and in which precisions it can.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceInfo {
    /// What people call its kind, e.g. `CPU`.
    pub name: &'static str,
    /// What [`Precision::Auto`] means on it.
    pub automatic: Precision,
    /// What may be asked of it beside [`Precision::Auto`].
    pub supported: Vec<Precision>,
}

impl DeviceInfo {
    /// Whether this may be asked of the device.
    pub fn supports(&self, precision: Precision) -> bool {
        precision == Precision::Auto || self.supported.contains(&precision)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_precision_should_be_written_and_read_by_its_id() {
        for precision in Precision::ALL {
            assert_eq!(precision.to_string().parse(), Ok(precision));
            let json = serde_json::to_string(&precision).unwrap();
            assert_eq!(json, format!("\"{precision}\""));
            assert_eq!(serde_json::from_str::<Precision>(&json).unwrap(), precision);
        }
        for unknown in ["", "F32", "int8"] {
            assert!(unknown.parse::<Precision>().is_err(), "{unknown:?}");
        }
    }
}
