//! AMX: two-dimensional registers ("tiles") of 16 rows of 64 bytes, and a unit that multiplies them.
//!
//! The intrinsics are not stable yet, the instructions are reached by inline assembly. Every thread configures its
//! tiles before it uses them and releases them after, see [`Tiles`].
//!
//! A product of two tiles is C\[16×16\] += A\[16×32\] · B\[32×16\], A in rows of 32 bf16, B with pairs of rows interleaved
//! ("VNNI": row p holds b\[2p\]\[0\], b\[2p+1\]\[0\], b\[2p\]\[1\], …), C in f32.
//!
//! Source: Intel 64 and IA-32 Architectures Optimization Reference Manual, chapter 20.

use std::arch::asm;
use std::sync::OnceLock;

/// Whether the processor has bf16 tiles and the operating system lets this process use them.
pub(crate) fn is_available() -> bool {
    static AVAILABLE: OnceLock<bool> = OnceLock::new();
    *AVAILABLE.get_or_init(|| has_instructions() && may_use_tiles())
}

/// CPUID leaf 7: AMX-BF16 is bit 22, AMX-TILE bit 24 of EDX.
fn has_instructions() -> bool {
    let leaves = std::arch::x86_64::__cpuid(0).eax;
    let edx = if leaves >= 7 {
        std::arch::x86_64::__cpuid_count(7, 0).edx
    } else {
        0
    };
    edx >> 22 & 1 == 1 && edx >> 24 & 1 == 1
}

/// Linux hands out the tiles' register state on request, once for the whole process.
#[cfg(target_os = "linux")]
fn may_use_tiles() -> bool {
    const ARCH_REQ_XCOMP_PERM: libc::c_long = 0x1023;
    const XFEATURE_XTILEDATA: libc::c_long = 18;
    // SAFETY: the call takes two numbers and touches no memory of ours; a kernel that does not know it says so.
    unsafe { libc::syscall(libc::SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA) == 0 }
}

/// Other systems are not asked: none was at hand to try it on.
#[cfg(not(target_os = "linux"))]
fn may_use_tiles() -> bool {
    false
}

/// The tile registers of this thread, all eight of 16 rows × 64 bytes, until dropped.
pub(crate) struct Tiles(());

impl Tiles {
    /// # Safety
    /// [`is_available`] must hold.
    pub(crate) unsafe fn configure() -> Self {
        #[repr(C, align(64))]
        struct Config {
            palette: u8,
            start_row: u8,
            reserved: [u8; 14],
            row_bytes: [u16; 16],
            rows: [u8; 16],
        }
        const CONFIG: Config = Config {
            palette: 1,
            start_row: 0,
            reserved: [0; 14],
            row_bytes: [64, 64, 64, 64, 64, 64, 64, 64, 0, 0, 0, 0, 0, 0, 0, 0],
            rows: [16, 16, 16, 16, 16, 16, 16, 16, 0, 0, 0, 0, 0, 0, 0, 0],
        };
        static ALIGNED: Config = CONFIG;
        // SAFETY: the processor has tiles (the caller's promise); the configuration is 64 bytes in the layout of
        // palette 1.
        unsafe { asm!("ldtilecfg [{}]", in(reg) &raw const ALIGNED, options(nostack, readonly)) };
        Self(())
    }
}

impl Drop for Tiles {
    fn drop(&mut self) {
        // SAFETY: tiles exist, else `configure` would not have been called.
        unsafe { asm!("tilerelease", options(nostack, nomem)) };
    }
}
