//! Names out of Python: which are understood, which are passed over, which a weight file has no business with.

use super::super::numbers::Stored;
use super::value::Known;

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
pub(super) fn look_up<'a>(module: &'a str, name: &str) -> Result<Option<Known>, &'a str> {
    let known = match (module, name) {
        ("collections", "OrderedDict") => Some(Known::OrderedDict),
        ("torch._utils", "_rebuild_tensor" | "_rebuild_tensor_v2") => Some(Known::RebuildTensor),
        ("torch._utils", "_rebuild_parameter") => Some(Known::RebuildParameter),
        ("torch._utils", "_rebuild_tensor_v3") => Some(Known::RebuildTyped),
        ("torch" | "torch.storage" | "torch.cuda", _) => {
            let number = number(name).map(Known::Number);
            storage(name).map(Known::Storage).or(number)
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

fn storage(name: &str) -> Option<Stored> {
    Some(match name {
        "DoubleStorage" => Stored::F64,
        "FloatStorage" => Stored::F32,
        "HalfStorage" => Stored::F16,
        "BFloat16Storage" => Stored::Bf16,
        "Float8_e4m3fnStorage" => Stored::F8E4m3,
        "Float8_e5m2Storage" => Stored::F8E5m2,
        "LongStorage" => Stored::I64,
        "IntStorage" => Stored::I32,
        "ShortStorage" => Stored::I16,
        "ByteStorage" | "UntypedStorage" => Stored::U8,
        "CharStorage" => Stored::I8,
        "BoolStorage" => Stored::Bool,
        _ => return None,
    })
}

fn number(name: &str) -> Option<Stored> {
    Some(match name {
        "float64" => Stored::F64,
        "float32" => Stored::F32,
        "float16" => Stored::F16,
        "bfloat16" => Stored::Bf16,
        "float8_e4m3fn" => Stored::F8E4m3,
        "float8_e5m2" => Stored::F8E5m2,
        _ => return None,
    })
}
