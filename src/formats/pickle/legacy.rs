//! The stream that `torch.save` wrote before version 1.6: five pickles, then the storages.
//!
//! Source: `_legacy_save` in `torch/serialization.py` of <https://github.com/pytorch/pytorch>

use super::located::Located;
use super::located::located;
use super::machine::Machine;
use super::value::Node;
use super::value::Value;
use crate::formats::error::Broken;
use std::collections::BTreeMap;
use std::collections::HashMap;
use std::ops::Range;

/// The pickle of the number 0x1950a86a20f9469cfc6c, after the byte of the protocol.
const MAGIC: &[u8] = b"\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.";
/// Bytes before it: the operation PROTO.
const MAGIC_AT: usize = 2;

/// Whether a file starts like such a stream.
pub(super) fn recognises(bytes: &[u8]) -> bool {
    bytes.first() == Some(&0x80) && bytes.get(MAGIC_AT..).is_some_and(|rest| rest.starts_with(MAGIC))
}

/// The tensors of such a stream.
pub(super) fn read(bytes: &[u8]) -> Result<BTreeMap<String, Located>, Broken> {
    let mut at = 0;
    // The magic number, the version of the format, and the system it was written on.
    for _ in 0..3 {
        at = Machine::run(bytes, at)?.1.end();
    }
    let (value, machine) = Machine::run(bytes, at)?;
    let (keys, list) = Machine::run(bytes, machine.end())?;
    let storages = storages(bytes, &machine, list.items(keys), &list)?;
    located(value, &machine, |tensor| {
        let key = &bytes[tensor.storage.key.clone()];
        storages.get(key).cloned().ok_or_else(|| {
            let key = String::from_utf8_lossy(key);
            Broken::new(format!("storage {key:?} in the file"), "none")
        })
    })
}

/// Where each storage lies. They follow each other in the order of their list, each a count and that many numbers.
fn storages<'a>(
    bytes: &'a [u8],
    machine: &Machine<'a>,
    keys: &[Value],
    list: &Machine<'a>,
) -> Result<HashMap<&'a [u8], Range<usize>>, Broken> {
    let widths: HashMap<&[u8], usize> = machine
        .nodes()
        .iter()
        .filter_map(|node| match node {
            Node::Storage(storage) => Some((&bytes[storage.key.clone()], storage.stored.bytes())),
            _ => None,
        })
        .collect();
    let (mut found, mut at) = (HashMap::new(), list.end());
    for key in keys {
        let key = list.text(*key).unwrap_or_default().as_bytes();
        let width = widths.get(key).copied();
        let width = width.ok_or_else(|| Broken::new("storages that the pickle describes", "another"))?;
        let count = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>());
        let start = at + 8;
        let end = count
            .and_then(|count| usize::try_from(u64::from_le_bytes(*count)).ok())
            .and_then(|count| count.checked_mul(width)?.checked_add(start))
            .filter(|end| *end <= bytes.len());
        let end = end.ok_or_else(|| {
            Broken::new(
                "the whole file",
                format!("its end at byte {} (an incomplete download?)", bytes.len()),
            )
        })?;
        found.insert(key, start..end);
        at = end;
    }
    Ok(found)
}
