//! Small model folders and weight files, sound and broken.

use std::path::Path;

/// A tensor to be written: name, shape, values.
pub(crate) type Entry<'a> = (&'a str, &'a [usize], Vec<f32>);

/// A safetensors file of f32 tensors.
pub(crate) fn safetensors_bytes(entries: &[Entry<'_>]) -> Vec<u8> {
    let data: Vec<(&str, &[usize], Vec<u8>)> = entries
        .iter()
        .map(|(name, shape, values)| {
            (
                *name,
                *shape,
                values.iter().flat_map(|value| value.to_le_bytes()).collect(),
            )
        })
        .collect();
    let views = data.iter().map(|(name, shape, bytes)| {
        let view = safetensors::tensor::TensorView::new(safetensors::Dtype::F32, shape.to_vec(), bytes).unwrap();
        (*name, view)
    });
    safetensors::serialize(views, None).unwrap()
}

/// A file with this header and `data_bytes` zeros behind it.
pub(crate) fn with_header(header: &str, data_bytes: usize) -> Vec<u8> {
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend_from_slice(header.as_bytes());
    file.extend(std::iter::repeat_n(0, data_bytes));
    file
}

/// Writes a file and the folders it needs.
pub(crate) fn write(root: &Path, file: &str, bytes: &[u8]) {
    let path = root.join(file);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

/// Copies a folder with everything in it.
pub(crate) fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_folder(&path, &target);
        } else {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}
