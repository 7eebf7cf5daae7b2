//! Reads the structure of a pickle: a small stack machine that builds dictionaries, lists, texts, numbers and
//! references to tensors, and nothing else. It calls nothing and imports nothing; a callable it does not know yields a
//! value without content. Work and memory are bounded by the pickle's length, and by the limits below.
//!
//! Source: `Lib/pickletools.py` of <https://github.com/python/cpython>

use super::names::look_up;
use super::opcodes as op;
use super::value::KnownGlobal;
use super::value::Node;
use super::value::StorageRef;
use super::value::TensorRef;
use super::value::Value;
use crate::formats::error::Broken;
use std::collections::HashMap;

/// Steps a checkpoint takes: some forty for each tensor.
const MAX_STEPS: usize = 2_000_000;
/// Marks open at once; sound files have a handful.
const MAX_MARKS: usize = 1000;
/// Values waiting on the stack; sound files have some thousands.
const MAX_STACK: usize = 500_000;
/// Dimensions of a tensor.
const MAX_RANK: usize = 8;

/// One pickle, read.
pub(super) struct Machine<'a> {
    bytes: &'a [u8],
    at: usize,
    stack: Vec<Value>,
    marks: Vec<usize>,
    memo: HashMap<u64, Value>,
    nodes: Vec<Node>,
}

impl<'a> Machine<'a> {
    /// Reads the pickle that starts at `at`. Returns its value and the machine, which holds what the value refers to.
    pub(super) fn run(bytes: &'a [u8], at: usize) -> Result<(Value, Self), Broken> {
        let mut machine = Self {
            bytes,
            at,
            stack: Vec::new(),
            marks: Vec::new(),
            memo: HashMap::new(),
            nodes: Vec::new(),
        };
        for _ in 0..MAX_STEPS {
            let [code] = machine.take()?;
            if code == op::STOP {
                let value = machine.pop()?;
                return Ok((value, machine));
            }
            machine.step(code)?;
            machine.check("values on the stack", machine.stack.len(), MAX_STACK)?;
            machine.check("nested marks", machine.marks.len(), MAX_MARKS)?;
        }
        Err(Broken::new(format!("a pickle of at most {MAX_STEPS} steps"), "more"))
    }

    /// Where the pickle ends.
    pub(super) fn end(&self) -> usize {
        self.at
    }

    /// Everything that was made.
    pub(super) fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// What an index stands for.
    pub(super) fn node(&self, value: Value) -> Option<&Node> {
        match value {
            Value::Node(index) => self.nodes.get(index),
            _ => None,
        }
    }

    /// The characters of a text; `None` if it is none or not UTF-8.
    pub(super) fn text(&self, value: Value) -> Option<&'a str> {
        let Value::Text(start, end) = value else { return None };
        std::str::from_utf8(self.bytes.get(start..end)?).ok()
    }

    fn check(&self, what: &str, found: usize, most: usize) -> Result<(), Broken> {
        if found <= most {
            return Ok(());
        }
        Err(Broken::new(
            format!("a pickle with at most {most} {what}"),
            format!("more by byte {}", self.at),
        ))
    }

    fn step(&mut self, code: u8) -> Result<(), Broken> {
        match code {
            op::MARK => self.marks.push(self.stack.len()),
            op::POP => _ = self.pop()?,
            op::POP_MARK => _ = self.since_mark()?,
            op::DUP => {
                let top = self.pop()?;
                self.stack.extend([top, top]);
            }
            // The protocol, and the length of a frame.
            op::PROTO => _ = self.take::<1>()?,
            op::FRAME => _ = self.take::<8>()?,
            op::NONE => self.stack.push(Value::None),
            op::NEWTRUE | op::NEWFALSE => self.stack.push(Value::Int(i64::from(code == op::NEWTRUE))),
            op::BININT1 | op::BININT2 | op::BININT | op::INT | op::LONG | op::LONG1 | op::LONG4 => {
                self.integer(code)?;
            }
            op::FLOAT => {
                self.line()?;
                self.stack.push(Value::Opaque);
            }
            op::BINFLOAT => {
                self.take::<8>()?;
                self.stack.push(Value::Opaque);
            }
            op::UNICODE
            | op::STRING
            | op::BINUNICODE
            | op::SHORT_BINSTRING
            | op::BINSTRING
            | op::BINBYTES
            | op::SHORT_BINBYTES
            | op::SHORT_BINUNICODE
            | op::BINUNICODE8
            | op::BINBYTES8
            | op::BYTEARRAY8 => self.characters(code)?,
            op::EMPTY_DICT => self.make(Node::Dict(Vec::new())),
            op::EMPTY_LIST => self.make(Node::List(Vec::new())),
            op::EMPTY_TUPLE => self.make(Node::Tuple(Vec::new())),
            op::EMPTY_SET => self.stack.push(Value::Opaque),
            op::TUPLE | op::LIST | op::DICT | op::FROZENSET | op::TUPLE1..=op::TUPLE3 => self.collect(code)?,
            op::APPEND | op::APPENDS | op::SETITEM | op::SETITEMS | op::ADDITEMS => self.extend(code)?,
            op::PUT | op::BINPUT | op::LONG_BINPUT | op::MEMOIZE | op::GET | op::BINGET | op::LONG_BINGET => {
                self.remember(code)?;
            }
            op::GLOBAL => {
                let (module, name) = (self.line()?, self.line()?);
                self.name(module, name)?;
            }
            op::STACK_GLOBAL => {
                let (name, module) = (self.pop()?, self.pop()?);
                self.name(module, name)?;
            }
            op::REDUCE | op::NEWOBJ | op::NEWOBJ_EX | op::BUILD | op::INST | op::OBJ => self.construct(code)?,
            op::BINPERSID => {
                let id = self.pop()?;
                self.persistent(id)?;
            }
            _ => {
                return Err(Broken::new(
                    "a pickle of weights",
                    format!("operation 0x{code:02x} at byte {}", self.at - 1),
                ));
            }
        }
        Ok(())
    }

    fn integer(&mut self, code: u8) -> Result<(), Broken> {
        let value = match code {
            op::BININT1 => Value::Int(i64::from(u8::from_le_bytes(self.take()?))),
            op::BININT2 => Value::Int(i64::from(u16::from_le_bytes(self.take()?))),
            op::BININT => Value::Int(i64::from(i32::from_le_bytes(self.take()?))),
            op::LONG1 | op::LONG4 => {
                let length = if code == op::LONG1 {
                    usize::from(u8::from_le_bytes(self.take()?))
                } else {
                    u32::from_le_bytes(self.take()?) as usize
                };
                let (start, end) = self.span(length)?;
                little_endian(&self.bytes[start..end]).map_or(Value::Opaque, Value::Int)
            }
            _ => {
                let line = self.line()?;
                let digits = self.text(line).unwrap_or_default().trim_end_matches('L');
                digits.parse().map_or(Value::Opaque, Value::Int)
            }
        };
        self.stack.push(value);
        Ok(())
    }

    fn characters(&mut self, code: u8) -> Result<(), Broken> {
        let length = match code {
            op::UNICODE | op::STRING => {
                let line = self.line()?;
                self.stack.push(line);
                return Ok(());
            }
            op::SHORT_BINSTRING | op::SHORT_BINBYTES | op::SHORT_BINUNICODE => {
                u64::from(u8::from_le_bytes(self.take()?))
            }
            op::BINUNICODE | op::BINSTRING | op::BINBYTES => u64::from(u32::from_le_bytes(self.take()?)),
            _ => u64::from_le_bytes(self.take()?),
        };
        let (start, end) = self.span(usize::try_from(length).unwrap_or(usize::MAX))?;
        self.stack.push(Value::Text(start, end));
        Ok(())
    }

    /// New tuples, lists and dictionaries out of what is on the stack.
    fn collect(&mut self, code: u8) -> Result<(), Broken> {
        let items = match code {
            op::TUPLE1..=op::TUPLE3 => {
                let from = self.stack.len().checked_sub(usize::from(code - op::TUPLE1) + 1);
                let items = from.map(|from| self.stack.split_off(from));
                items.ok_or_else(|| self.empty())?
            }
            _ => self.since_mark()?,
        };
        let node = match code {
            op::LIST => Node::List(items),
            op::DICT => Node::Dict(pairs(&items)),
            op::FROZENSET => {
                self.stack.push(Value::Opaque);
                return Ok(());
            }
            _ => Node::Tuple(items),
        };
        self.make(node);
        Ok(())
    }

    /// More items for a list or a dictionary that is there.
    fn extend(&mut self, code: u8) -> Result<(), Broken> {
        let items = match code {
            op::APPEND => vec![self.pop()?],
            op::SETITEM => {
                let (value, key) = (self.pop()?, self.pop()?);
                vec![key, value]
            }
            _ => self.since_mark()?,
        };
        let target = self.stack.last().copied().ok_or_else(|| self.empty())?;
        let Value::Node(index) = target else { return Ok(()) };
        match self.nodes.get_mut(index) {
            Some(Node::List(list)) => list.extend(items),
            Some(Node::Dict(entries)) => entries.extend(pairs(&items)),
            _ => {}
        }
        Ok(())
    }

    fn remember(&mut self, code: u8) -> Result<(), Broken> {
        let index = match code {
            op::BINPUT | op::BINGET => u64::from(u8::from_le_bytes(self.take()?)),
            op::LONG_BINPUT | op::LONG_BINGET => u64::from(u32::from_le_bytes(self.take()?)),
            op::MEMOIZE => self.memo.len() as u64,
            _ => {
                let line = self.line()?;
                let index = self.text(line).and_then(|line| line.parse().ok());
                index.ok_or_else(|| Broken::new("a number in the pickle's memo", "none"))?
            }
        };
        if matches!(code, op::GET | op::BINGET | op::LONG_BINGET) {
            let value = self.memo.get(&index).copied();
            let missing = || Broken::new("what the pickle refers to", format!("nothing at {index} in its memo"));
            self.stack.push(value.ok_or_else(missing)?);
        } else {
            let top = self.stack.last().copied().ok_or_else(|| self.empty())?;
            self.memo.insert(index, top);
        }
        Ok(())
    }

    fn name(&mut self, module: Value, name: Value) -> Result<(), Broken> {
        let (Some(module), Some(name)) = (self.text(module), self.text(name)) else {
            return Err(Broken::new("names in the pickle", "something that is no text"));
        };
        let known = look_up(module, name).map_err(|module| {
            let shown: String = format!("{module}.{name}").chars().take(80).collect();
            Broken::new("a pickle of weights", format!("one that asks for {shown:?}"))
        })?;
        self.stack.push(known.map_or(Value::Opaque, Value::KnownGlobal));
        Ok(())
    }

    /// What Python would build by calling something.
    fn construct(&mut self, code: u8) -> Result<(), Broken> {
        let made = match code {
            op::REDUCE | op::NEWOBJ => {
                let (arguments, callable) = (self.pop()?, self.pop()?);
                self.call(callable, arguments)?
            }
            op::NEWOBJ_EX => {
                for _ in 0..3 {
                    self.pop()?;
                }
                Value::Opaque
            }
            // The state of an object: what it is called by Python, not what it holds.
            op::BUILD => {
                self.pop()?;
                return Ok(());
            }
            _ => {
                if code == op::INST {
                    let (module, name) = (self.line()?, self.line()?);
                    self.name(module, name)?;
                }
                self.since_mark()?;
                Value::Opaque
            }
        };
        self.stack.push(made);
        Ok(())
    }

    fn call(&mut self, callable: Value, arguments: Value) -> Result<Value, Broken> {
        let Value::KnownGlobal(known) = callable else {
            return Ok(Value::Opaque);
        };
        match known {
            KnownGlobal::OrderedDict => {
                self.make(Node::Dict(Vec::new()));
                self.pop()
            }
            KnownGlobal::RebuildParameter => Ok(self.items(arguments).first().copied().unwrap_or(Value::Opaque)),
            KnownGlobal::RebuildTensor | KnownGlobal::RebuildTyped => {
                let tensor = self.tensor(arguments, known == KnownGlobal::RebuildTyped);
                let tensor = tensor.ok_or_else(|| Broken::new("tensors in the pickle", "one that makes no sense"))?;
                self.make(Node::Tensor(Box::new(tensor)));
                self.pop()
            }
            KnownGlobal::Storage(_) | KnownGlobal::Number(_) => Ok(Value::Opaque),
        }
    }

    fn tensor(&self, arguments: Value, is_typed: bool) -> Option<TensorRef> {
        let arguments = self.items(arguments);
        let [storage, offset, shape, strides, ..] = *arguments else {
            return None;
        };
        let Some(Node::Storage(storage)) = self.node(storage) else {
            return None;
        };
        let mut storage = (**storage).clone();
        if is_typed {
            let Some(Value::KnownGlobal(KnownGlobal::Number(stored))) = arguments.get(6) else {
                return None;
            };
            let bytes = storage.numbers.checked_mul(storage.stored.bytes())?;
            (storage.stored, storage.numbers) = (*stored, bytes / stored.bytes());
        }
        let tensor = TensorRef {
            storage,
            offset: whole(offset)?,
            shape: self.wholes(shape)?,
            strides: self.wholes(strides)?,
        };
        (tensor.shape.len() == tensor.strides.len() && tensor.fits()).then_some(tensor)
    }

    /// `("storage", kind, key, device, numbers)`: the numbers themselves are elsewhere in the file.
    fn persistent(&mut self, id: Value) -> Result<(), Broken> {
        let read = || {
            let [
                tag,
                Value::KnownGlobal(KnownGlobal::Storage(stored)),
                Value::Text(start, end),
                _,
                numbers,
                ref rest @ ..,
            ] = *self.items(id)
            else {
                return None;
            };
            // Before version 0.4 a storage could be a view of another.
            let is_whole = matches!(rest, [] | [Value::None]);
            (is_whole && self.text(tag) == Some("storage")).then_some(StorageRef {
                key: start..end,
                stored,
                numbers: whole(numbers)?,
            })
        };
        let storage = read().ok_or_else(|| Broken::new("storages of numbers in the pickle", "another kind"))?;
        self.make(Node::Storage(Box::new(storage)));
        Ok(())
    }

    /// What a tuple or a list holds.
    pub(super) fn items(&self, value: Value) -> &[Value] {
        match self.node(value) {
            Some(Node::Tuple(items) | Node::List(items)) => items,
            _ => &[],
        }
    }

    fn wholes(&self, value: Value) -> Option<Vec<usize>> {
        let Some(Node::Tuple(items) | Node::List(items)) = self.node(value) else {
            return None;
        };
        (items.len() <= MAX_RANK).then(|| items.iter().map(|item| whole(*item)).collect())?
    }

    fn make(&mut self, node: Node) {
        self.stack.push(Value::Node(self.nodes.len()));
        self.nodes.push(node);
    }

    fn pop(&mut self) -> Result<Value, Broken> {
        // What is below a mark belongs to the one who set it.
        let floor = self.marks.last().copied().unwrap_or_default();
        let top = if self.stack.len() > floor {
            self.stack.pop()
        } else {
            None
        };
        top.ok_or_else(|| self.empty())
    }

    fn since_mark(&mut self) -> Result<Vec<Value>, Broken> {
        let mark = self.marks.pop().ok_or_else(|| self.empty())?;
        Ok(self.stack.split_off(mark.min(self.stack.len())))
    }

    fn empty(&self) -> Broken {
        Broken::new(
            "a pickle whose operations have operands",
            format!("one at byte {} without", self.at.saturating_sub(1)),
        )
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], Broken> {
        let (start, end) = self.span(N)?;
        let cut = || Broken::new("a whole pickle", "a part");
        self.bytes[start..end].first_chunk().copied().ok_or_else(cut)
    }

    fn span(&mut self, length: usize) -> Result<(usize, usize), Broken> {
        let start = self.at;
        let end = start.checked_add(length).filter(|end| *end <= self.bytes.len());
        let end = end.ok_or_else(|| {
            let left = self.bytes.len() - start;
            Broken::new(
                format!("a pickle with {length} more bytes at {start}"),
                left.to_string(),
            )
        })?;
        self.at = end;
        Ok((start, end))
    }

    /// Up to the end of the line, quotes left out.
    fn line(&mut self) -> Result<Value, Broken> {
        let rest = &self.bytes[self.at..];
        let length = rest.iter().position(|byte| *byte == b'\n');
        let length = length.ok_or_else(|| Broken::new("a whole line in the pickle", "its end"))?;
        let (start, end) = self.span(length)?;
        self.span(1)?;
        let line = &self.bytes[start..end];
        let is_quoted = line.len() >= 2 && line[0] == line[line.len() - 1] && matches!(line[0], b'\'' | b'"');
        Ok(if is_quoted {
            Value::Text(start + 1, end - 1)
        } else {
            Value::Text(start, end)
        })
    }
}

fn whole(value: Value) -> Option<usize> {
    match value {
        Value::Int(number) => usize::try_from(number).ok(),
        _ => None,
    }
}

fn pairs(items: &[Value]) -> Vec<(Value, Value)> {
    items
        .as_chunks::<2>()
        .0
        .iter()
        .map(|[key, value]| (*key, *value))
        .collect()
}

/// A number in two's complement; `None` if it needs more than 64 bits.
fn little_endian(bytes: &[u8]) -> Option<i64> {
    let fill = if bytes.last().is_some_and(|byte| byte & 0x80 != 0) {
        0xff
    } else {
        0
    };
    let mut wide = [fill; 8];
    wide.get_mut(..bytes.len())?.copy_from_slice(bytes);
    Some(i64::from_le_bytes(wide))
}
