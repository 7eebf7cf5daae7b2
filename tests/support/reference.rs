//! Reference cases: models, inputs and the tensors another implementation computed from them.

use candle_core::DType;
use candle_core::Device;
use candle_core::Tensor;
use hareru::formats::Bytes;
use hareru::formats::SafetensorsFile;
use hareru::weights::ModelFiles;
use hareru::weights::TensorSource as _;
use std::path::Path;
use std::path::PathBuf;

use super::weights::{copy_folder, write};

/// A folder with `models/` and `cases/`.
pub(crate) struct ReferenceSet {
    root: PathBuf,
}

impl ReferenceSet {
    /// The cases that travel with the source.
    pub(crate) fn in_tree() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/networks");
        Self { root }
    }

    /// The runs that travel with the source.
    pub(crate) fn runs_in_tree() -> Self {
        Self::at(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/reference"))
    }

    /// The whole set. Tests that need it are ignored and have `whole_reference` in their names:
    /// `cargo test --test integration whole_reference -- --ignored`.
    ///
    /// Panics if it is not where `HARERU_REFERENCE` says, or else beside the project in `shared/reference`.
    pub(crate) fn whole() -> Self {
        let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/reference");
        let root = std::env::var_os("HARERU_REFERENCE").map_or(beside, PathBuf::from);
        assert!(
            root.join("cases").is_dir(),
            "HARERU_REFERENCE should name the whole set of reference cases"
        );
        Self { root }
    }

    /// A folder with `cases/` and `models/`.
    pub(crate) fn at(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// The folder of one of its models.
    pub(crate) fn model(&self, name: &str) -> PathBuf {
        self.root.join("models").join(name)
    }

    /// The case of this name.
    pub(crate) fn case(&self, name: &str) -> Case {
        Case::open(&self.root, self.root.join("cases").join(name))
    }

    /// Every case, sorted by name.
    pub(crate) fn cases(&self) -> Vec<Case> {
        let entries = std::fs::read_dir(self.root.join("cases")).expect("the set has a folder of cases");
        let mut folders: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        folders.sort();
        folders
            .into_iter()
            .map(|folder| Case::open(&self.root, folder))
            .collect()
    }
}

/// One case.
pub(crate) struct Case {
    /// Name of its folder.
    pub(crate) name: String,
    /// `request.json`.
    pub(crate) request: serde_json::Value,
    root: PathBuf,
    folder: PathBuf,
}

impl Case {
    fn open(root: &Path, folder: PathBuf) -> Self {
        let text = std::fs::read_to_string(folder.join("request.json"))
            .unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        Self {
            name: folder.file_name().unwrap().to_str().unwrap().to_owned(),
            // Python writes infinities, which JSON does not have.
            request: serde_json::from_str(&text.replace("Infinity", "1e300")).expect("request.json is JSON"),
            root: root.to_owned(),
            folder,
        }
    }

    /// A text field of the request; empty if it is null.
    pub(crate) fn text(&self, field: &str) -> &str {
        self.request[field].as_str().unwrap_or_default()
    }

    /// A number of the request.
    pub(crate) fn number(&self, field: &str) -> Option<f64> {
        self.request[field].as_f64()
    }

    /// The folder of a model that the request names.
    pub(crate) fn model(&self, field: &str) -> Option<ModelFiles> {
        self.files(self.request[field].as_str()?)
    }

    /// A model folder, by its path inside the set.
    pub(crate) fn files(&self, folder: &str) -> Option<ModelFiles> {
        ModelFiles::open(self.root.join(folder)).ok()
    }

    /// A path inside the set.
    pub(crate) fn root(&self, inside: &str) -> PathBuf {
        self.root.join(inside)
    }

    /// Copies the model's folder, or that of its configurations, with the parts it takes from other models, the case's
    /// scheduler, and the case's tiny decoder.
    pub(crate) fn copy_model(&self, to: &Path) {
        let folder = self.request["config_from"]
            .as_str()
            .unwrap_or_else(|| self.text("model"));
        copy_folder(&self.root(folder), to);
        for (part, from) in self.request["parts"].as_object().into_iter().flatten() {
            copy_folder(&self.root(from.as_str().unwrap()), &to.join(part));
        }
        let sampler = &self.request["sampler"];
        if sampler.is_object() {
            let mut config = sampler["diffusers_config"].clone();
            config["_class_name"] = sampler["diffusers_class"].clone();
            write(to, "scheduler/scheduler_config.json", config.to_string().as_bytes());
        }
        if let Some(tiny) = self.request["vae"].as_str() {
            copy_folder(&self.root(tiny), &to.join("vae_tiny"));
        }
    }

    /// A file beside the request.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// A file of tensors beside the request.
    pub(crate) fn tensors(&self, name: &str) -> Tensors {
        Tensors::open(&self.folder.join(name))
    }

    /// The tensors given.
    pub(crate) fn inputs(&self) -> Tensors {
        Tensors::open(&self.folder.join("inputs.safetensors"))
    }

    /// The tensors to be reproduced.
    pub(crate) fn expected(&self) -> Tensors {
        Tensors::open(&self.folder.join("expected.safetensors"))
    }
}

/// A file of tensors.
pub(crate) struct Tensors(SafetensorsFile);

impl Tensors {
    /// Panics if the file is not there or not sound.
    pub(crate) fn open(path: &Path) -> Self {
        let bytes = Bytes::map(path).expect("the case has this file");
        Self(SafetensorsFile::new(bytes, path.to_owned()).expect("the case's tensors can be read"))
    }

    /// A tensor as it is stored.
    pub(crate) fn get(&self, name: &str) -> Option<Tensor> {
        self.0.tensor(name, &Device::Cpu).unwrap()
    }

    /// A tensor in f32.
    pub(crate) fn f32(&self, name: &str) -> Option<Tensor> {
        self.get(name).map(|tensor| tensor.to_dtype(DType::F32).unwrap())
    }
}

/// ‖found − expected‖ / ‖expected‖.
pub(crate) fn relative_l2(found: &Tensor, expected: &Tensor) -> f64 {
    assert_eq!(found.dims(), expected.dims(), "shapes must be the same");
    let wide = |tensor: &Tensor| {
        tensor
            .to_dtype(DType::F64)
            .unwrap()
            .flatten_all()
            .unwrap()
            .to_vec1::<f64>()
            .unwrap()
    };
    let (found, expected) = (wide(found), wide(expected));
    let difference: f64 = found.iter().zip(&expected).map(|(a, b)| (a - b).powi(2)).sum();
    (difference / expected.iter().map(|b| b * b).sum::<f64>()).sqrt()
}

/// max |found − expected|.
pub(crate) fn largest_difference(found: &Tensor, expected: &Tensor) -> f64 {
    assert_eq!(found.dims(), expected.dims(), "shapes must be the same");
    let wide = |tensor: &Tensor| tensor.to_dtype(DType::F64).unwrap();
    (wide(found) - wide(expected))
        .unwrap()
        .abs()
        .unwrap()
        .max_all()
        .unwrap()
        .to_scalar()
        .unwrap()
}
