//! The training schedule itself.

use super::Schedule;

/// The noise levels of the timesteps that the spacing chose.
pub(super) static NORMAL: Schedule = Schedule {
    id: "normal",
    label: "Normal",
    aliases: &["uniform", "discrete", "default", "automatic"],
    keeps_timesteps: true,
    ..Schedule::DEFAULT
};
