//! Every shader through naga, without a GPU.

use std::path::Path;

use hareru::render::shaders;
use wgpu::naga;

#[test]
fn every_shader_should_be_valid_wgsl() {
    for shader in shaders::ALL {
        let source = shader.source();
        let module = naga::front::wgsl::parse_str(&source)
            .unwrap_or_else(|error| panic!("{}: {}", shader.path, error.emit_to_string(&source)));
        naga::valid::Validator::new(naga::valid::ValidationFlags::all(), naga::valid::Capabilities::empty())
            .validate(&module)
            .unwrap_or_else(|error| panic!("{}: {}", shader.path, error.emit_to_string(&source)));
    }
}

#[test]
fn every_file_among_the_shaders_should_be_compiled_in() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("shaders");
    let mut folders = vec![root.clone()];
    let mut found = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
                assert!(
                    shaders::ALL.iter().any(|shader| shader.path == name),
                    "{name} is not in render::shaders::ALL"
                );
                found += 1;
            }
        }
    }
    assert_eq!(found, shaders::ALL.len());
}

#[test]
fn every_include_should_be_resolved() {
    for shader in shaders::ALL {
        assert!(
            !shader.source().contains("//!include"),
            "{} includes a file that is not there",
            shader.path
        );
    }
}
