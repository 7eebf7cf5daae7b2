//! Checkpoints of `PyTorch`, sound and hostile. Archives and pickles are written here byte by byte.

use super::assert_one_line;
use candle_core::DType;
use candle_core::Device;
use hareru::formats;
use hareru::formats::Bytes;
use hareru::formats::FormatError;
use hareru::formats::TensorFile;
use hareru::weights::TensorSource as _;
use std::path::PathBuf;
use std::sync::Arc;

/// An archive of stored entries, as `torch.save` writes one.
pub(super) fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut file, mut directory) = (Vec::new(), Vec::new());
    for (name, data) in entries {
        let start = file.len() as u32;
        let sizes = [(data.len() as u32).to_le_bytes(), (data.len() as u32).to_le_bytes()].concat();
        let lengths = [(name.len() as u16).to_le_bytes(), [0, 0]].concat();
        // Version, flags, method, time, date, checksum.
        let common = [[0; 10].as_slice(), &[0; 4], &sizes, &lengths].concat();
        file.extend([b"PK\x03\x04", common.as_slice(), name.as_bytes(), data].concat());
        directory.extend(
            [
                b"PK\x01\x02\0\0",
                common.as_slice(),
                &[0; 10],
                &start.to_le_bytes(),
                name.as_bytes(),
            ]
            .concat(),
        );
    }
    let count = (entries.len() as u16).to_le_bytes();
    let place = [
        (directory.len() as u32).to_le_bytes(),
        (file.len() as u32).to_le_bytes(),
    ]
    .concat();
    file.extend(&directory);
    file.extend([b"PK\x05\x06\0\0\0\0", count.as_slice(), &count, &place, &[0, 0]].concat());
    file
}

/// As [`archive`], with every number in the fields for files over 4 GiB.
fn archive64(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut file, mut directory) = (Vec::new(), Vec::new());
    let wide = |number: usize| (number as u64).to_le_bytes();
    for (name, data) in entries {
        let start = file.len();
        let common = [[0; 14].as_slice(), &[0xff; 8], &(name.len() as u16).to_le_bytes()].concat();
        file.extend([b"PK\x03\x04", common.as_slice(), &[0, 0], name.as_bytes(), data].concat());
        let extra = [
            [1, 0, 24, 0].as_slice(),
            &wide(data.len()),
            &wide(data.len()),
            &wide(start),
        ]
        .concat();
        // Another field comes first, of a kind that nobody knows.
        let extra = [b"\x99\x99\x02\0ab", extra.as_slice()].concat();
        let tail = [(extra.len() as u16).to_le_bytes().as_slice(), &[0; 10], &[0xff; 4]].concat();
        directory.extend([b"PK\x01\x02\0\0", common.as_slice(), &tail, name.as_bytes(), &extra].concat());
    }
    let (start, end) = (file.len(), file.len() + directory.len());
    file.extend(&directory);
    let counts = [
        wide(entries.len()),
        wide(entries.len()),
        wide(directory.len()),
        wide(start),
    ]
    .concat();
    file.extend([b"PK\x06\x06", [0; 20].as_slice(), &counts].concat());
    file.extend([b"PK\x06\x07\0\0\0\0", wide(end).as_slice(), &[1, 0, 0, 0]].concat());
    file.extend([b"PK\x05\x06\0\0\0\0", [0xff; 12].as_slice(), &[0, 0]].concat());
    file
}

/// Writes pickles.
#[derive(Default, Clone)]
struct Pickle(Vec<u8>);

impl Pickle {
    fn new() -> Self {
        Self(b"\x80\x02".to_vec())
    }

    fn op(mut self, bytes: &[u8]) -> Self {
        self.0.extend(bytes);
        self
    }

    fn text(self, text: &str) -> Self {
        let length = (text.len() as u32).to_le_bytes();
        self.op(b"X").op(&length).op(text.as_bytes())
    }

    fn int(self, number: i64) -> Self {
        self.op(b"\x8a\x08").op(&number.to_le_bytes())
    }

    fn ints(self, numbers: &[i64]) -> Self {
        numbers
            .iter()
            .fold(self.op(b"("), |pickle, number| pickle.int(*number))
            .op(b"t")
    }

    /// A view of `f32` storage `key`.
    fn tensor(self, key: &str, numbers: i64, offset: i64, shape: &[i64], strides: &[i64]) -> Self {
        self.op(b"ctorch._utils\n_rebuild_tensor_v2\n((")
            .text("storage")
            .op(b"ctorch\nFloatStorage\n")
            .text(key)
            .text("cpu")
            .int(numbers)
            .op(b"tQ")
            .int(offset)
            .ints(shape)
            .ints(strides)
            .op(b"\x89ccollections\nOrderedDict\n)RtR")
    }

    fn end(self) -> Vec<u8> {
        self.op(b".").0
    }
}

fn floats(numbers: &[f32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

fn checkpoint(pickle: &[u8]) -> Vec<u8> {
    let numbers = floats(&[0., 1., 2., 3., 4., 5.]);
    archive(&[
        ("model/data.pkl", pickle),
        ("model/byteorder", b"little"),
        ("model/data/0", &numbers),
    ])
}

fn open(bytes: Vec<u8>) -> Result<Arc<dyn TensorFile>, FormatError> {
    formats::tensors_from(Bytes::Owned(bytes), PathBuf::from("broken.ckpt"))
}

fn refusal(bytes: Vec<u8>) -> String {
    let message = open(bytes).expect_err("this must be refused").to_string();
    assert_one_line(&message, "broken.ckpt");
    message
}

fn numbers(source: &dyn TensorFile, name: &str) -> Vec<f32> {
    let tensor = source.tensor_as(name, DType::F32, &Device::Cpu).unwrap().unwrap();
    tensor.flatten_all().unwrap().to_vec1().unwrap()
}

/// `{"epoch": 3, "state_dict": {"a": 2×3, "t": its transpose, "b": the last two}, "callbacks": {…}}`
fn sound() -> Pickle {
    Pickle::new()
        .op(b"}(")
        .text("epoch")
        .int(3)
        .text("state_dict")
        .op(b"}(")
        .text("a")
        .tensor("0", 6, 0, &[2, 3], &[3, 1])
        .text("t")
        .tensor("0", 6, 0, &[3, 2], &[1, 3])
        .text("b")
        .tensor("0", 6, 4, &[2], &[1])
        .op(b"u")
        .text("callbacks")
        .op(b"}(cpytorch_lightning.callbacks.model_checkpoint\nModelCheckpoint\n}")
        .text("best")
        .op(b"cnumpy.core.multiarray\nscalar\n)RsuU\x01xNu")
}

#[test]
fn a_checkpoint_should_be_read_with_its_views_and_without_its_callbacks() {
    let file = open(checkpoint(&sound().end())).unwrap();
    assert_eq!(file.names(), ["a", "b", "t"]);
    assert_eq!(file.shape("t"), Some([3, 2].as_slice()));
    assert_eq!(numbers(&*file, "a"), [0., 1., 2., 3., 4., 5.]);
    assert_eq!(numbers(&*file, "t"), [0., 3., 1., 4., 2., 5.]);
    assert_eq!(numbers(&*file, "b"), [4., 5.]);
    assert!(file.tensor_as("c", DType::F32, &Device::Cpu).unwrap().is_none());
}

#[test]
fn an_archive_of_the_large_kind_should_be_read() {
    let (pickle, data) = (sound().end(), floats(&[0., 1., 2., 3., 4., 5.]));
    let whole = archive64(&[("model/data.pkl", &pickle), ("model/data/0", &data)]);
    assert_eq!(numbers(&*open(whole.clone()).unwrap(), "b"), [4., 5.]);
    for length in 4..whole.len() {
        refusal(whole[..length].to_vec());
    }
}

/// Written by torch 2.15.0, both ways:
///
/// ```python
/// t = torch.arange(12, dtype=torch.float32).reshape(3, 4)
/// sd = OrderedDict(a=t, at=t.t(), b=t.half(), c=t.bfloat16()[1], d=t.to(torch.float8_e4m3fn),
///     e=t.to(torch.float8_e5m2), p=torch.nn.Parameter(t[:, 1]), i=torch.arange(3),
///     u=torch.tensor([1, 2], dtype=torch.uint8), z=torch.tensor(2.5), bo=torch.tensor([True, False]),
///     em=torch.zeros(0, 3))
/// torch.save(sd, "torch_zip.pt")
/// torch.save({"state_dict": dict(sd), "epoch": 1.5, "hyper": {"x": [1, 2, (3,)], "s": {1, 2}}},
///     "torch_legacy.pt", _use_new_zipfile_serialization=False)
/// ```
#[test]
fn what_torch_writes_should_be_read() {
    let counted: Vec<f32> = (0..12u8).map(f32::from).collect();
    let transposed = vec![0., 4., 8., 1., 5., 9., 2., 6., 10., 3., 7., 11.];
    let rounded = vec![0., 1., 2., 3., 4., 5., 6., 7., 8., 8., 10., 12.];
    for name in ["torch_zip.pt", "torch_legacy.pt"] {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/weights");
        let file = formats::open_tensors(folder.join(name)).unwrap();
        for (tensor, shape, expected) in [
            ("a", [3, 4].as_slice(), &counted),
            ("at", &[4, 3], &transposed),
            ("b", &[3, 4], &counted),
            ("c", &[4], &counted[4..8].to_vec()),
            ("d", &[3, 4], &counted),
            ("e", &[3, 4], &rounded),
            ("p", &[3], &vec![1., 5., 9.]),
            ("i", &[3], &vec![0., 1., 2.]),
            ("u", &[2], &vec![1., 2.]),
            ("z", &[], &vec![2.5]),
            ("bo", &[2], &vec![1., 0.]),
            ("em", &[0, 3], &vec![]),
        ] {
            assert_eq!(file.shape(tensor), Some(shape), "{name}: {tensor}");
            assert_eq!(numbers(&*file, tensor), *expected, "{name}: {tensor}");
        }
        assert_eq!(file.names().len(), 12);
    }
}

#[test]
fn tensors_outside_a_state_dict_should_be_named_by_their_path() {
    let pickle = Pickle::new()
        .op(b"}(")
        .text("string_to_param")
        .op(b"}")
        .text("*")
        .op(b"ctorch._utils\n_rebuild_parameter\n(")
        .tensor("0", 6, 0, &[1, 6], &[6, 1])
        .op(b"\x88ccollections\nOrderedDict\n)RtRsu");
    let file = open(checkpoint(&pickle.end())).unwrap();
    assert_eq!(file.names(), ["string_to_param.*"]);
    assert_eq!(numbers(&*file, "string_to_param.*").len(), 6);
}

#[test]
fn the_stream_of_old_versions_should_be_read() {
    let magic = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.".to_vec();
    let value = Pickle::new()
        .op(b"}")
        .text("a")
        .tensor("77", 2, 0, &[2], &[1])
        .op(b"s")
        .end();
    let keys = Pickle::new().op(b"]").text("77").op(b"a").end();
    let storage = [2u64.to_le_bytes().as_slice(), &floats(&[1.5, -2.0])].concat();
    let version = Pickle::new().op(b"M\xe9\x03").end();
    let whole = [magic, version, Pickle::new().op(b"}").end(), value, keys, storage].concat();
    let file = open(whole.clone()).unwrap();
    assert_eq!(numbers(&*file, "a"), [1.5, -2.0]);
    for length in 2 + 13..whole.len() {
        refusal(whole[..length].to_vec());
    }
}

#[test]
fn a_checkpoint_cut_anywhere_should_be_refused() {
    let whole = checkpoint(&sound().end());
    for length in 4..whole.len() {
        refusal(whole[..length].to_vec());
    }
    let pickle = sound().end();
    for length in 0..pickle.len() {
        refusal(checkpoint(&pickle[..length]));
    }
}

#[test]
fn a_pickle_that_reaches_out_should_be_refused_by_name() {
    for (module, name) in [
        ("os", "system"),
        ("posix", "system"),
        ("builtins", "eval"),
        ("__builtin__", "exec"),
        ("subprocess", "Popen"),
        ("importlib", "import_module"),
    ] {
        let canary = std::env::temp_dir().join(format!("hareru-{}-{name}", std::process::id()));
        let call = Pickle::new()
            .op(format!("c{module}\n{name}\n(").as_bytes())
            .text(&format!("touch {}", canary.display()))
            .op(b"tR");
        let message = refusal(checkpoint(&call.end()));
        assert!(message.contains(&format!("{module}.{name}")), "{message}");
        assert!(!canary.exists(), "{module}.{name} was called");
    }
    // The same by the other ways to name and call something.
    let stacked = Pickle::new().text("os").text("system").op(b"\x93");
    assert!(refusal(checkpoint(&stacked.end())).contains("os.system"));
    let instance = Pickle::new().op(b"(").text("ls").op(b"ios\nsystem\n");
    assert!(refusal(checkpoint(&instance.end())).contains("os.system"));
    // What is merely unknown has no content, and no effect.
    let unknown = Pickle::new().op(b"cmy.own\nThing\n)R}").text("x").int(1).op(b"sb");
    assert!(refusal(checkpoint(&unknown.end())).contains("expected tensors in the pickle, found none"));
}

#[test]
fn absurd_pickles_should_be_refused_at_once() {
    let began = std::time::Instant::now();
    let many = |byte: u8| vec![byte; 2_000_000];
    let marks = Pickle::new().op(&many(b'('));
    assert!(refusal(checkpoint(&marks.end())).contains("nested marks"));
    // Lists in lists in lists: only the stack may be full, never ours.
    refusal(checkpoint(&Pickle::new().op(&many(b']')).op(&many(b'a')).end()));
    let nested = (0..1000).fold(Pickle::new().op(b"}"), |pickle, _| pickle.op(b"\x85"));
    refusal(checkpoint(&nested.end()));
    let dup = Pickle::new().op(b"}").op(&many(b'2'));
    assert!(refusal(checkpoint(&dup.end())).contains("on the stack"));
    for pickle in [
        Pickle::new().op(b"}r\xff\xff\xff\xff"),
        Pickle::new().op(b"j\xff\xff\xff\xff"),
        Pickle::new().op(b"p99999999999999999999\n"),
        Pickle::new().op(b"X\xff\xff\xff\xff"),
        Pickle::new().op(b"\x8d\xff\xff\xff\xff\xff\xff\xff\xff"),
        Pickle::new().op(b"\x96\xff\xff\xff\xff\xff\xff\xff\x7f"),
        Pickle::new().op(b"\x8b\xff\xff\xff\xff"),
        Pickle::new().op(b"t"),
        Pickle::new().op(b"R"),
        Pickle::new().op(b"\x87"),
        Pickle::new().op(b"u"),
        Pickle::new().op(b"(0"),
        Pickle::new().op(b"\x82\x01"),
        Pickle::new().op(b"}Q"),
        Pickle::new().op(b"cno end of line"),
        Pickle::new(),
    ] {
        refusal(checkpoint(&pickle.end()));
    }
    // A dictionary that holds itself, and one that holds another twice, and that another twice …
    let own = Pickle::new().op(b"}q\x00").text("self").op(b"h\x00s");
    refusal(checkpoint(&own.end()));
    let laughs = (0..100u8).fold(Pickle::new().op(b"}q\x00"), |pickle, index| {
        let pickle = pickle.op(b"0}q").op(&[index + 1, b'(']);
        let pickle = pickle.text("a").op(&[b'h', index]);
        pickle.text("b").op(&[b'h', index, b'u'])
    });
    refusal(checkpoint(&laughs.end()));
    assert!(began.elapsed().as_secs() < 20, "took {:?}", began.elapsed());
}

#[test]
fn tensors_that_do_not_fit_their_storage_should_be_refused() {
    const HUGE: i64 = i64::MAX;
    let cases: &[(i64, i64, &[i64], &[i64])] = &[
        (6, 0, &[7], &[1]),
        (6, 5, &[2], &[1]),
        (6, 0, &[2, 3], &[4, 1]),
        (6, 0, &[6, 6], &[0, 0]),
        (6, 0, &[1_000_000_000, 1_000_000_000], &[0, 0]),
        (6, 0, &[-1], &[1]),
        (6, -1, &[1], &[1]),
        (6, 0, &[2], &[-1]),
        (6, 0, &[2], &[HUGE]),
        (6, HUGE, &[2], &[1]),
        (6, 0, &[HUGE, HUGE, 0], &[1, 1, 1]),
        (6, HUGE, &[0], &[1]),
        (6, 0, &[2, 3], &[1]),
        (6, 0, &[1, 1, 1, 1, 1, 1, 1, 1, 1], &[1, 1, 1, 1, 1, 1, 1, 1, 1]),
        // More than the archive has.
        (7, 0, &[7], &[1]),
        (HUGE, 0, &[6], &[1]),
        (-1, 0, &[1], &[1]),
    ];
    for (numbers, offset, shape, strides) in cases {
        let pickle = Pickle::new()
            .op(b"}")
            .text("a")
            .tensor("0", *numbers, *offset, shape, strides)
            .op(b"s");
        refusal(checkpoint(&pickle.end()));
    }
    let elsewhere = Pickle::new()
        .op(b"}")
        .text("a")
        .tensor("../0", 6, 0, &[6], &[1])
        .op(b"s");
    assert!(refusal(checkpoint(&elsewhere.end())).contains("../0"));
}

#[test]
fn archives_of_tricks_should_be_refused() {
    let pickle = sound().end();
    for name in [
        "../evil",
        "/etc/passwd",
        "model/../../evil",
        "c:\\evil",
        "model/\\evil",
        "a\0b",
        "",
    ] {
        let numbers = floats(&[0.; 6]);
        let entries: [(&str, &[u8]); 3] = [("model/data.pkl", &pickle), ("model/data/0", &numbers), (name, b"x")];
        let message = refusal(archive(&entries));
        assert!(message.contains("plain names"), "{name:?}: {message}");
    }
    let big_endian = archive(&[("m/data.pkl", &pickle), ("m/byteorder", b"big")]);
    assert!(refusal(big_endian).contains("little-endian"));
    assert!(refusal(archive(&[("model/other", b"x")])).contains("data.pkl"));
    assert!(refusal(archive(&[("m/data.pkl", &pickle), ("m/data.pkl", &pickle)])).contains("twice"));

    let whole = checkpoint(&pickle);
    let directory = whole.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
    let with = |at: usize, bytes: &[u8]| {
        let mut changed = whole.clone();
        changed[at..at + bytes.len()].copy_from_slice(bytes);
        changed
    };
    // Compressed, encrypted, larger unpacked than stored.
    assert!(refusal(with(directory + 10, &[8])).contains("compressed"));
    assert!(refusal(with(directory + 8, &[1])).contains("encrypted"));
    refusal(with(directory + 24, &[255, 255, 255, 127]));
    refusal(with(directory + 20, &[255, 255, 255, 127, 255, 255, 255, 127]));
    // The second entry begins inside the first.
    let second = directory + 46 + "model/data.pkl".len();
    refusal(with(second + 42, &[1, 0, 0, 0]));
    refusal(with(second + 42, &[255, 255, 255, 254]));
    // More entries than there are; a directory beyond the end.
    let end = whole.len() - 22;
    refusal(with(end + 10, &[255, 255]));
    refusal(with(end + 16, &[255, 255, 255, 127]));
}

#[test]
fn no_change_of_a_few_bytes_should_bring_the_reader_down() {
    let whole = checkpoint(&sound().end());
    let pickle = whole.windows(2).position(|window| window == b"\x80\x02").unwrap();
    super::mutate(&whole, 0..whole.len(), open);
    super::mutate(&whole, pickle..pickle + sound().end().len(), open);
}
