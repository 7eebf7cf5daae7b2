//! The operations of a pickle, under the names of `Lib/pickletools.py` of <https://github.com/python/cpython>.
//!
//! What `torch.save({"bias": tensor})` writes is, shortened, this program for a stack machine:
//!
//! ```text
//! PROTO 2
//! EMPTY_DICT                                              {}
//! BINUNICODE "bias"                                       {} "bias"
//! GLOBAL "torch._utils _rebuild_tensor_v2"                {} "bias" f
//! MARK                                                    {} "bias" f |
//!   BINUNICODE "storage"  GLOBAL "torch FloatStorage"
//!   BINUNICODE "0"  BINUNICODE "cpu"  BININT1 4           … | "storage" FloatStorage "0" "cpu" 4
//!   TUPLE  BINPERSID                                      … | the storage "0" of four f32
//!   BININT1 0                                             … | storage 0                            offset
//!   BININT1 4  TUPLE1  BININT1 1  TUPLE1                  … | storage 0 (4,) (1,)                  shape, strides
//! TUPLE  REDUCE                                           {} "bias" tensor
//! SETITEM                                                 {"bias": tensor}
//! STOP
//! ```
//!
//! The numbers of storage `"0"` lie beside the pickle.

// Frame of the stream.
pub(super) const PROTO: u8 = 0x80;
pub(super) const FRAME: u8 = 0x95;
pub(super) const STOP: u8 = b'.';

// The stack and its marks.
pub(super) const MARK: u8 = b'(';
pub(super) const POP: u8 = b'0';
pub(super) const POP_MARK: u8 = b'1';
pub(super) const DUP: u8 = b'2';

// Constants.
pub(super) const NONE: u8 = b'N';
pub(super) const NEWTRUE: u8 = 0x88;
pub(super) const NEWFALSE: u8 = 0x89;

// Numbers.
pub(super) const INT: u8 = b'I';
pub(super) const BININT: u8 = b'J';
pub(super) const BININT1: u8 = b'K';
pub(super) const BININT2: u8 = b'M';
pub(super) const LONG: u8 = b'L';
pub(super) const LONG1: u8 = 0x8a;
pub(super) const LONG4: u8 = 0x8b;
pub(super) const FLOAT: u8 = b'F';
pub(super) const BINFLOAT: u8 = b'G';

// Texts and bytes.
pub(super) const STRING: u8 = b'S';
pub(super) const BINSTRING: u8 = b'T';
pub(super) const SHORT_BINSTRING: u8 = b'U';
pub(super) const UNICODE: u8 = b'V';
pub(super) const BINUNICODE: u8 = b'X';
pub(super) const SHORT_BINUNICODE: u8 = 0x8c;
pub(super) const BINUNICODE8: u8 = 0x8d;
pub(super) const BINBYTES: u8 = b'B';
pub(super) const SHORT_BINBYTES: u8 = b'C';
pub(super) const BINBYTES8: u8 = 0x8e;
pub(super) const BYTEARRAY8: u8 = 0x96;

// New containers.
pub(super) const EMPTY_LIST: u8 = b']';
pub(super) const EMPTY_TUPLE: u8 = b')';
pub(super) const EMPTY_DICT: u8 = b'}';
pub(super) const EMPTY_SET: u8 = 0x8f;
pub(super) const LIST: u8 = b'l';
pub(super) const TUPLE: u8 = b't';
pub(super) const TUPLE1: u8 = 0x85;
pub(super) const TUPLE3: u8 = 0x87;
pub(super) const DICT: u8 = b'd';
pub(super) const FROZENSET: u8 = 0x91;

// Filling containers.
pub(super) const APPEND: u8 = b'a';
pub(super) const APPENDS: u8 = b'e';
pub(super) const SETITEM: u8 = b's';
pub(super) const SETITEMS: u8 = b'u';
pub(super) const ADDITEMS: u8 = 0x90;

// The memo.
pub(super) const PUT: u8 = b'p';
pub(super) const BINPUT: u8 = b'q';
pub(super) const LONG_BINPUT: u8 = b'r';
pub(super) const MEMOIZE: u8 = 0x94;
pub(super) const GET: u8 = b'g';
pub(super) const BINGET: u8 = b'h';
pub(super) const LONG_BINGET: u8 = b'j';

// Names out of Python, and what is made with them.
pub(super) const GLOBAL: u8 = b'c';
pub(super) const STACK_GLOBAL: u8 = 0x93;
pub(super) const REDUCE: u8 = b'R';
pub(super) const NEWOBJ: u8 = 0x81;
pub(super) const NEWOBJ_EX: u8 = 0x92;
pub(super) const BUILD: u8 = b'b';
pub(super) const INST: u8 = b'i';
pub(super) const OBJ: u8 = b'o';
pub(super) const BINPERSID: u8 = b'Q';
