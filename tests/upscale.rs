//! Networks that enlarge pictures: against what spandrel computes, and as a person uses them.

use std::path::{Path, PathBuf};

use candle_core::{DType, Device, Tensor};
use hareru::formats::{self, FileKind};
use hareru::gallery;
use hareru::job::{GenerateRequest, JobControl, RgbImage, Upscale};
use hareru::kernels::Wrap;
use hareru::models::upscaler::{UpscalerConfig, UpscalerModel};
use hareru::pipelines::PictureUpscaler;
use hareru::weights::{self, ModelFiles};

use crate::support::command_line::hareru;
use crate::support::reference::{Tensors, relative_l2};

/// Largest relative L2 distance in f32.
const LIMIT: f64 = 1e-5;

fn fixture(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/upscaler")
        .join(file)
}

fn network(path: &Path) -> UpscalerModel {
    let files = ModelFiles::open(path).unwrap();
    let config: UpscalerConfig = files.json("upscaler/config.json").unwrap();
    weights::build(&files, "upscaler", &Device::Cpu, DType::F32, |vb| {
        UpscalerModel::new(vb, &config)
    })
    .unwrap()
}

/// The same tensors under other names.
fn renamed(from: &Path, to: &Path, name: impl Fn(&str) -> String) {
    let tensors = candle_core::safetensors::load(from, &Device::Cpu).unwrap();
    let tensors = tensors.into_iter().map(|(old, tensor)| (name(&old), tensor));
    candle_core::safetensors::save(&tensors.collect(), to).unwrap();
}

#[test]
fn every_dialect_should_give_what_spandrel_computes() {
    let folder = tempfile::tempdir().unwrap();
    let expected = Tensors::open(&fixture("expected.safetensors"));
    let picture = expected.f32("picture").unwrap();
    // As BSRGAN names its layers, and as trainers save averages.
    let (bsrgan, averaged) = (folder.path().join("a.safetensors"), folder.path().join("b.safetensors"));
    renamed(&fixture("named_x2.safetensors"), &bsrgan, |name| {
        let name = name.replace("conv_body", "trunk_conv").replace("conv_up", "upconv");
        let name = name.replace("conv_hr", "HRconv").replace(".rdb", ".RDB");
        name.replace("body.0", "RRDB_trunk.0")
    });
    renamed(&fixture("named_x2.safetensors"), &averaged, |name| {
        format!("params_ema.{name}")
    });
    for (path, name, scale) in [
        (fixture("numbered_x4.safetensors"), "x4", 4),
        (fixture("named_x2.safetensors"), "x2", 2),
        (bsrgan, "x2", 2),
        (averaged, "x2", 2),
        (fixture("compact_x4.safetensors"), "compact", 4),
    ] {
        let kind = formats::detect(&*formats::open_tensors(&path).unwrap()).unwrap();
        assert_eq!(kind, FileKind::Upscaler, "{}", path.display());
        let network = network(&path);
        assert_eq!(network.config().scale, scale);
        let found = network.forward(&picture, Wrap::default()).unwrap();
        let off = relative_l2(&found, &expected.f32(name).unwrap());
        assert!(off < LIMIT, "{}: {off:.1e}", path.display());
        println!("{name}: {off:.1e}");
    }
}

#[test]
fn a_picture_in_tiles_should_be_the_picture_as_a_whole() {
    let (width, height) = (400_u32, 132_u32);
    let pixels = (0..width * height * 3).map(|i| ((i / 3 % width) / 3 + i % 3 * 40 + i / 3 / width) as u8);
    let picture = RgbImage {
        width_px: width,
        height_px: height,
        pixels: pixels.collect(),
    };
    let path = fixture("compact_x4.safetensors");
    let upscaler = PictureUpscaler::open(&path, &Device::Cpu, DType::F32).unwrap();
    let mut told = Vec::new();
    let request = Upscale::default();
    let control = JobControl::default();
    let tiled = upscaler.enlarge_for(&request, picture.clone(), &control, &mut |at| told.push(at));
    let tiled = tiled.unwrap();
    assert_eq!((tiled.width_px, tiled.height_px), (4 * width, 4 * height));
    assert!(
        told.len() > 1 && told.is_sorted() && told.last() == Some(&1.0),
        "{told:?}"
    );

    let values = picture.pixels.iter().map(|level| f32::from(*level) / 255.0);
    let x = Tensor::from_iter(values, &Device::Cpu).unwrap();
    let x = x.reshape((1, height as usize, width as usize, 3)).unwrap();
    let x = x.permute((0, 3, 1, 2)).unwrap().contiguous().unwrap();
    let whole = network(&path)
        .forward(&x, Wrap::default())
        .unwrap()
        .clamp(0.0, 1.0)
        .unwrap();
    let whole = whole
        .squeeze(0)
        .unwrap()
        .permute((1, 2, 0))
        .unwrap()
        .flatten_all()
        .unwrap();
    let off = whole.to_vec1::<f32>().unwrap();
    let far = off.iter().zip(&tiled.pixels).filter(|(whole, tiled)| {
        let level = **whole * 255.0;
        (level - f32::from(**tiled)).abs() > 2.0
    });
    let far = far.count();
    // Where tiles end a few pixels see an edge that is none, but count for little there.
    assert!(far * 200 < tiled.pixels.len(), "{far} of {} differ", tiled.pixels.len());

    control.cancel();
    let stopped = upscaler.enlarge_for(&request, picture, &control, &mut |_| ());
    assert!(stopped.is_err_and(|error| error.is_cancelled()));
}

#[test]
fn a_saved_picture_should_be_enlarged_and_keep_what_is_known_of_it() {
    let home = tempfile::tempdir().unwrap();
    let at = |name: &str| home.path().join(name).to_str().unwrap().to_owned();
    let (small, large, second) = (at("small.png"), at("large.png"), at("second.png"));
    let network = fixture("compact_x4.safetensors");
    let network = network.to_str().unwrap();
    let make = [
        "generate",
        "--prompt",
        "a lighthouse at night",
        "--steps",
        "2",
        "--seed",
        "5",
        "--size",
        "64x64",
    ];
    let made = hareru(home.path(), &[&make[..], &["--out", &small]].concat());
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));

    let scaled = ["upscale", &small, "--model", network, "--scale", "3", "--out", &large];
    let enlarged = hareru(home.path(), &scaled);
    assert!(
        enlarged.status.success(),
        "{}",
        String::from_utf8_lossy(&enlarged.stderr)
    );
    let picture = gallery::read_picture(Path::new(&large)).unwrap();
    assert_eq!((picture.width_px, picture.height_px), (192, 192));
    let record = gallery::read_record(Path::new(&large)).unwrap();
    assert_eq!(record.request.prompt, "a lighthouse at night");
    let upscale = record.request.upscale.unwrap();
    assert_eq!(upscale.picture.as_deref(), Some(Path::new(&small)));

    // As a part of making it: the same pixels as in two commands.
    let at_once = [&make[..], &["--upscaler", network, "--upscale", "3", "--out", &second]].concat();
    let made = hareru(home.path(), &at_once);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    assert_eq!(gallery::read_picture(Path::new(&second)).unwrap(), picture);

    // Before a second pass, in place of an interpolation.
    let passes = |more: &[&str]| {
        let made = hareru(
            home.path(),
            &[&make[..], &["--hires", "2", "--out", &second], more].concat(),
        );
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        gallery::read_picture(Path::new(&second)).unwrap()
    };
    let (plain, by_network) = (passes(&[]), passes(&["--upscaler", network]));
    assert_eq!((by_network.width_px, by_network.height_px), (128, 128));
    assert!(
        plain != by_network,
        "the second pass must start from what the network made"
    );
}

#[test]
fn what_cannot_be_enlarged_should_be_said() {
    let home = tempfile::tempdir().unwrap();
    let photo = home.path().join("photo.png");
    image::RgbImage::new(9, 7).save(&photo).unwrap();
    let photo = photo.to_str().unwrap().to_owned();
    let network = fixture("compact_x4.safetensors");
    let network = network.to_str().unwrap();
    let other = fixture("expected.safetensors");
    for (picture, model, more, code, expected) in [
        ("/nowhere.png", network, &[][..], 1, "/nowhere.png"),
        (&photo, other.to_str().unwrap(), &[], 1, "expected.safetensors"),
        (&photo, "/nowhere.pth", &[], 1, "/nowhere.pth"),
        (&photo, network, &["--scale", "9"], 2, "enlargement must be"),
    ] {
        let output = hareru(home.path(), &[&["upscale", picture, "--model", model], more].concat());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(said.contains(expected), "{said}");
    }
    // A photo has no record, and sides that are no multiples of anything.
    let saved = hareru(
        home.path(),
        &[
            "upscale",
            &photo,
            "--model",
            network,
            "--gallery",
            home.path().to_str().unwrap(),
        ],
    );
    assert!(saved.status.success(), "{}", String::from_utf8_lossy(&saved.stderr));
    let [path] = gallery::newest_pictures(home.path(), 9)
        .into_iter()
        .filter(|path| !path.ends_with("photo.png"))
        .collect::<Vec<_>>()
        .try_into()
        .unwrap();
    let picture = gallery::read_picture(&path).unwrap();
    assert_eq!((picture.width_px, picture.height_px), (36, 28));
    assert!(
        !gallery::trajectory_path(&path).exists(),
        "a picture without steps has no trajectory"
    );
    assert_eq!(
        GenerateRequest {
            upscale: None,
            ..gallery::read_record(&path).unwrap().request
        },
        GenerateRequest::unsaid(),
        "nobody wrote how a photo was made"
    );
}
