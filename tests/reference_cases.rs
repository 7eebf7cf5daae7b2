//! Runs that diffusers computed, made again through our own pipeline and compared number by number.
//!
//! A few small cases lie in `tests/fixtures/reference`; where the whole set is at hand (`HARERU_REFERENCE`, or
//! `shared/reference` beside the checkout), all of them are run.

use std::path::{Path, PathBuf};

use hareru::job::Precision;

use crate::support::compare::compare;

fn run_cases(root: &Path) -> usize {
    let mut cases: Vec<PathBuf> = std::fs::read_dir(root.join("cases"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    cases.sort();
    let out = tempfile::tempdir().unwrap();
    let (mut num_run, mut broken) = (0, Vec::new());
    for case in cases {
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        num_run += 1;
        let got = out.path().join(format!("{name}.safetensors"));
        if let Err(error) = hareru::engine::replay(&case, &got, Precision::F32) {
            broken.push(format!("{name}: {error}"));
            continue;
        }
        let report = compare(&name, &case.join("expected.safetensors"), &got);
        println!(
            "{name}: {} tensors, worst {:.1e}, picture {:.1e}",
            report.num_compared, report.worst, report.worst_image
        );
        broken.extend(report.failures.iter().map(|failure| format!("{name}: {failure}")));
        if report.num_compared == 0 || !report.missing.is_empty() {
            broken.push(format!("{name}: missing {:?}", report.missing));
        }
    }
    println!("{num_run} cases ran from {}", root.display());
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
    num_run
}

#[test]
fn the_cases_in_the_tree_should_be_reproduced() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/reference");
    assert!(run_cases(&root) >= 25, "the tree should hold at least 25 cases");
}

#[test]
fn the_starter_should_draw_as_diffusers_does_with_its_folder() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/starter");
    assert_eq!(run_cases(&root), 3);
}

#[test]
fn the_whole_reference_should_be_reproduced_where_it_is_at_hand() {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/reference");
    let root = std::env::var_os("HARERU_REFERENCE").map_or(beside, PathBuf::from);
    if root.join("cases").is_dir() {
        assert!(run_cases(&root) > 100, "the set should hold more than a hundred cases");
    } else {
        println!("the whole reference is not at hand: nothing was compared");
    }
}
