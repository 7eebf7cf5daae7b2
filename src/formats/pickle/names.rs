//! Names out of Python: which are understood, which are passed over, which a weight file has no business with.

use super::value::KnownGlobal;
use crate::formats::encoding::StoredDtype;

/// Modules through which a pickle reaches the system or runs code. Nothing is ever called here; a file that asks for
/// them is still not a file of weights.
const REACHING_OUT: &[&str] = &[
    "__builtin__",
    "builtins",
    "os",
    "posix",
    "nt",
    "sys",
    "subprocess",
    "commands",
    "shutil",
    "socket",
    "importlib",
    "imp",
    "runpy",
    "pty",
    "webbrowser",
    "ctypes",
    "marshal",
    "pickle",
    "bdb",
    "pdb",
    "asyncio",
    "multiprocessing",
    "signal",
    "urllib",
    "requests",
    "pip",
];
/// What of `builtins` is only data.
const PLAIN_BUILTINS: &[&str] = &[
    "set",
    "frozenset",
    "dict",
    "list",
    "tuple",
    "int",
    "float",
    "bool",
    "str",
    "bytes",
    "bytearray",
    "complex",
    "slice",
    "range",
    "object",
    "long",
    "unicode",
    "getattr",
];

/// What a name stands for: `Some` if it is understood, `None` if it can be passed over.
///
/// # Errors
/// The module, if weights have no business with it.
pub(super) fn look_up<'a>(module: &'a str, name: &str) -> Result<Option<KnownGlobal>, &'a str> {
    let known = match (module, name) {
        ("collections", "OrderedDict") => Some(KnownGlobal::OrderedDict),
        ("torch._utils", "_rebuild_tensor" | "_rebuild_tensor_v2") => Some(KnownGlobal::RebuildTensor),
        ("torch._utils", "_rebuild_parameter") => Some(KnownGlobal::RebuildParameter),
        ("torch._utils", "_rebuild_tensor_v3") => Some(KnownGlobal::RebuildTyped),
        ("torch" | "torch.storage" | "torch.cuda", _) => {
            let number = number(name).map(KnownGlobal::Number);
            storage(name).map(KnownGlobal::Storage).or(number)
        }
        _ => None,
    };
    let root = module.split('.').next().unwrap_or_default();
    let is_builtin = matches!(module, "builtins" | "__builtin__") && PLAIN_BUILTINS.contains(&name);
    if known.is_none() && !is_builtin && REACHING_OUT.contains(&root) {
        return Err(module);
    }
    Ok(known)
}

fn storage(name: &str) -> Option<StoredDtype> {
    Some(match name {
        "DoubleStorage" => StoredDtype::F64,
        "FloatStorage" => StoredDtype::F32,
        "HalfStorage" => StoredDtype::F16,
        "BFloat16Storage" => StoredDtype::Bf16,
        "Float8_e4m3fnStorage" => StoredDtype::F8E4m3,
        "Float8_e5m2Storage" => StoredDtype::F8E5m2,
        "LongStorage" => StoredDtype::I64,
        "IntStorage" => StoredDtype::I32,
        "ShortStorage" => StoredDtype::I16,
        "ByteStorage" | "UntypedStorage" => StoredDtype::U8,
        "CharStorage" => StoredDtype::I8,
        "BoolStorage" => StoredDtype::Bool,
        _ => return None,
    })
}

fn number(name: &str) -> Option<StoredDtype> {
    Some(match name {
        "float64" => StoredDtype::F64,
        "float32" => StoredDtype::F32,
        "float16" => StoredDtype::F16,
        "bfloat16" => StoredDtype::Bf16,
        "float8_e4m3fn" => StoredDtype::F8E4m3,
        "float8_e5m2" => StoredDtype::F8E5m2,
        _ => return None,
    })
}
