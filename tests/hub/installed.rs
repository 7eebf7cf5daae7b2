//! What is on disk: kinds, families, notes and pictures, in the program's own folder and in those of others.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use hareru::hub::{FolderOwner, Hub, HubEvent, InstalledModel, InstalledModels, ModelKind};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::downloads::options;
use super::weights::{checkpoint, lora, safetensors, write};

/// Longest time a test waits for anything.
const PATIENCE: Duration = Duration::from_secs(30);

fn hub(folder: &Path) -> Hub {
    Hub::start(options(folder, "https://127.0.0.1:1"), || {}).unwrap()
}

fn scan(hub: &Hub, folders: &[PathBuf]) -> Arc<InstalledModels> {
    hub.scan(folders.to_vec());
    loop {
        match hub.wait(PATIENCE).expect("the hub should answer") {
            HubEvent::Installed(shelf) => return shelf,
            HubEvent::Failed { error } => panic!("{error}"),
            _ => {}
        }
    }
}

fn item<'a>(shelf: &'a InstalledModels, name: &str) -> &'a Arc<InstalledModel> {
    let mut items = shelf.items.iter();
    items
        .find(|item| item.name == name)
        .unwrap_or_else(|| panic!("no {name} in {shelf:#?}"))
}

/// Everything in a folder with its bytes and times, to see that nothing was touched.
fn listing(folder: &Path) -> BTreeMap<PathBuf, (u64, std::time::SystemTime)> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let metadata = path.metadata().unwrap();
            if metadata.is_dir() {
                folders.push(path.clone());
            }
            found.insert(path, (metadata.len(), metadata.modified().unwrap()));
        }
    }
    found
}

#[test]
fn kinds_and_families_should_be_told_by_headers() {
    let folder = tempfile::tempdir().unwrap();
    let models = folder.path().join("models");
    let none = Value::Null;
    let control: [(&str, &[usize]); 2] = [
        ("control_model.input_hint_block.0.weight", &[16, 3, 3, 3]),
        (
            "control_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight",
            &[320, 1024],
        ),
    ];
    let vae: [(&str, &[usize]); 2] = [("encoder.conv_in.weight", &[4]), ("decoder.conv_in.weight", &[4])];
    let words: [(&str, &[usize]); 2] = [("clip_g", &[2, 1280]), ("clip_l", &[2, 768])];
    let upscaler: [(&str, &[usize]); 1] = [("conv_first.weight", &[64, 3, 3, 3])];
    for (name, bytes) in [
        ("castle.safetensors", checkpoint()),
        ("glow.safetensors", lora(&none)),
        ("canny.safetensors", safetensors(&control, &none)),
        ("clear.safetensors", safetensors(&vae, &none)),
        ("soft-light.safetensors", safetensors(&words, &none)),
        ("one-word.safetensors", safetensors(&[("emb_params", &[3, 768])], &none)),
        ("sharp.safetensors", safetensors(&upscaler, &none)),
    ] {
        write(&models.join(name), &bytes);
    }
    write(&models.join("notes.txt"), b"not a model");
    write(
        &models.join("someone--tiny/model_index.json"),
        br#"{"_class_name": "StableDiffusionXLPipeline"}"#,
    );
    write(
        &models.join("someone--tiny/unet/config.json"),
        br#"{"cross_attention_dim": 2048}"#,
    );
    write(
        &models.join("depth/config.json"),
        br#"{"_class_name": "ControlNetModel", "cross_attention_dim": 768}"#,
    );
    write(&models.join("depth/diffusion_pytorch_model.safetensors"), &checkpoint());

    let shelf = scan(&hub(folder.path()), &[]);
    let found: Vec<_> = shelf
        .items
        .iter()
        .map(|item| (item.kind, &*item.name, item.family))
        .collect();
    let expected = [
        (ModelKind::Model, "castle", Some("SD 1.x")),
        (ModelKind::Model, "someone--tiny", Some("SDXL")),
        (ModelKind::Lora, "glow", Some("SDXL")),
        (ModelKind::Embedding, "one-word", Some("SD 1.x")),
        (ModelKind::Embedding, "soft-light", Some("SDXL")),
        (ModelKind::Control, "canny", Some("SD 2.x")),
        (ModelKind::Control, "depth", Some("SD 1.x")),
        (ModelKind::Vae, "clear", None),
        (ModelKind::Upscaler, "sharp", None),
    ];
    assert_eq!(found, expected);
    assert!(shelf.items.iter().all(|item| item.error.is_none() && item.is_ours()));
}

#[test]
fn broken_files_should_be_listed_with_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let models = folder.path().join("models");
    let whole = checkpoint();
    write(&models.join("torn.safetensors"), &whole[..whole.len() - 1]);
    write(&models.join("empty.safetensors"), b"");
    write(&models.join("text.safetensors"), b"\x05\0\0\0\0\0\0\0hello");
    write(&models.join("bomb.safetensors"), &u64::MAX.to_le_bytes());
    write(&models.join("folder/model_index.json"), b"{");
    let shelf = scan(&hub(folder.path()), &[]);
    for (name, expected) in [
        (
            "torn",
            format!("{} bytes, its header describes {}", whole.len() - 1, whole.len()),
        ),
        ("empty", "0 bytes, its header describes at least 8".to_owned()),
        ("text", "its header is not valid".to_owned()),
        ("bomb", "its header is not valid".to_owned()),
        ("folder", "model_index.json is no JSON".to_owned()),
    ] {
        let error = item(&shelf, name).error.clone().unwrap();
        assert!(error.contains(&expected) && !error.contains('\n'), "{name}: {error}");
    }
}

#[test]
fn folders_of_other_programs_should_be_understood_and_left_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let (comfy, a1111, invoke) = (
        folder.path().join("home/ComfyUI"),
        folder.path().join("home/stable-diffusion-webui"),
        folder.path().join("home/invokeai"),
    );
    write(&comfy.join("models/checkpoints/sub/castle.safetensors"), &checkpoint());
    write(&comfy.join("models/loras/glow.safetensors"), &lora(&Value::Null));
    write(&comfy.join("models/upscale_models/4x.pth"), b"a pickle");
    write(&comfy.join("models/clip/text.safetensors"), &checkpoint());
    write(
        &comfy.join("extra_model_paths.yaml"),
        b"x:\n  base_path: more\n  embeddings: words\n",
    );
    write(&comfy.join("more/words/fog.pt"), b"a pickle");
    write(&a1111.join("models/Stable-diffusion/old.ckpt"), b"a pickle");
    write(
        &a1111.join("models/Stable-diffusion/Put Stable Diffusion checkpoints here.txt"),
        b"",
    );
    write(&a1111.join("models/VAE/clear.pt"), b"a pickle");
    write(&a1111.join("embeddings/rain.pt"), b"a pickle");
    write(&invoke.join("invokeai.yaml"), b"");
    write(&invoke.join("models/sd-1/lora/snow.safetensors"), &lora(&Value::Null));
    write(&invoke.join("models/6f1c/tower.safetensors"), &checkpoint());
    let before = listing(&folder.path().join("home"));

    let hub = hub(folder.path());
    let offered = scan(&hub, &[]).offered.clone();
    let expected = [
        (comfy.clone(), FolderOwner::ComfyUi),
        (a1111.clone(), FolderOwner::A1111),
        (invoke.clone(), FolderOwner::InvokeAi),
    ];
    assert_eq!(offered, expected);

    let gone = folder.path().join("gone");
    let shelf = scan(&hub, &[comfy, a1111, invoke, gone.clone()]);
    let found: Vec<_> = shelf
        .items
        .iter()
        .map(|item| (item.kind, &*item.name, item.owner))
        .collect();
    let expected = [
        (ModelKind::Model, "castle", FolderOwner::ComfyUi),
        (ModelKind::Model, "old", FolderOwner::A1111),
        (ModelKind::Model, "tower", FolderOwner::InvokeAi),
        (ModelKind::Lora, "glow", FolderOwner::ComfyUi),
        (ModelKind::Lora, "snow", FolderOwner::InvokeAi),
        (ModelKind::Embedding, "fog", FolderOwner::ComfyUi),
        (ModelKind::Embedding, "rain", FolderOwner::A1111),
        (ModelKind::Vae, "clear", FolderOwner::A1111),
        (ModelKind::Upscaler, "4x", FolderOwner::ComfyUi),
    ];
    assert_eq!(found, expected);
    assert_eq!((&shelf.offered, &shelf.missing), (&vec![], &vec![gone]));

    for item in &shelf.items {
        hub.remove(item.path.clone());
        let Some(HubEvent::Failed { error }) = hub.wait(PATIENCE) else {
            panic!("{} should not be removed", item.path.display());
        };
        assert!(!error.message.contains('\n'), "{error}");
    }
    assert_eq!(listing(&folder.path().join("home")), before);
}

#[test]
fn trigger_words_should_be_found_wherever_they_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let models = folder.path().join("models");
    let tags = json!({ "10_x": { "glow": 40, "night": 30, "rare": 2 }, "2_y": { "glow": 1 } }).to_string();
    write(
        &models.join("tags.safetensors"),
        &lora(&json!({ "ss_tag_frequency": tags })),
    );
    let phrase = json!({ "modelspec.trigger_phrase": "in glow style", "ss_tag_frequency": tags });
    write(&models.join("phrase.safetensors"), &lora(&phrase));
    write(&models.join("a1111.safetensors"), &lora(&phrase));
    write(
        &models.join("a1111.json"),
        br#"{"activation text": "one, two", "preferred weight": 0.7}"#,
    );
    write(&models.join("civitai.safetensors"), &lora(&Value::Null));
    write(
        &models.join("civitai.civitai.info"),
        br#"{"trainedWords": ["three", "four, five"]}"#,
    );
    write(
        &models.join("broken.safetensors"),
        &lora(&json!({ "ss_tag_frequency": "{" })),
    );
    write(&models.join("broken.json"), b"{");
    write(
        &models.join("my-word.safetensors"),
        &safetensors(&[("emb_params", &[3, 768])], &Value::Null),
    );
    let shelf = scan(&hub(folder.path()), &[]);
    for (name, expected) in [
        ("tags", &["glow", "night"][..]),
        ("phrase", &["in glow style"]),
        ("a1111", &["one", "two"]),
        ("civitai", &["three", "four", "five"]),
        ("broken", &[]),
        ("my-word", &["my-word"]),
    ] {
        assert_eq!(item(&shelf, name).trigger_words, expected, "{name}");
    }
    assert_eq!(item(&shelf, "a1111").preferred_weight, Some(0.7));
}

#[test]
fn pictures_beside_files_and_in_them_should_be_read_small() {
    let folder = tempfile::tempdir().unwrap();
    let models = folder.path().join("models");
    write(&models.join("beside.safetensors"), &lora(&Value::Null));
    image::RgbImage::from_pixel(640, 320, image::Rgb([9, 90, 200]))
        .save(models.join("beside.preview.png"))
        .unwrap();
    let dot = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";
    write(
        &models.join("inside.safetensors"),
        &lora(&json!({ "modelspec.thumbnail": dot })),
    );
    write(&models.join("broken.safetensors"), &lora(&Value::Null));
    write(&models.join("broken.png"), b"no picture");
    write(&models.join("bare.safetensors"), &lora(&Value::Null));
    let hub = hub(folder.path());
    let shelf = scan(&hub, &[]);
    for (name, expected) in [
        ("beside", Some((320, 160))),
        ("inside", Some((1, 1))),
        ("broken", None),
        ("bare", None),
    ] {
        hub.thumbnail(Arc::clone(item(&shelf, name)));
        let Some(HubEvent::Thumbnail { path, picture }) = hub.wait(PATIENCE) else {
            panic!("{name} should be answered");
        };
        assert_eq!(path, item(&shelf, name).path);
        assert_eq!(
            picture.map(|picture| (picture.width_px, picture.height_px)),
            expected,
            "{name}"
        );
    }
    assert!(!item(&shelf, "bare").has_cover());
}

#[test]
fn hashes_should_be_those_of_other_programs_and_be_kept_where_the_engine_keeps_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("models/glow.safetensors");
    let bytes = lora(&Value::Null);
    write(&path, &bytes);
    let hub = hub(folder.path());
    assert_eq!(item(&scan(&hub, &[]), "glow").hashes, None);
    hub.compute_hashes(path.clone());
    let Some(HubEvent::Hashed { hashes: Ok(hashes), .. }) = hub.wait(PATIENCE) else {
        panic!("it should be hashed");
    };
    assert_eq!(hashes.sha256, format!("{:x}", Sha256::digest(&bytes)));
    assert_eq!(hashes.short(), &hashes.sha256[..10]);
    // The engine finds them in the same file and computes the same.
    let cache = folder.path().join("hashes.json");
    let by_engine = hareru::formats::FileHashes::of(&path).unwrap();
    let kept = hareru::formats::file_hashes(&path, &cache).unwrap();
    for theirs in [by_engine, kept] {
        assert_eq!(
            (&theirs.sha256, &theirs.legacy, &theirs.lora),
            (&hashes.sha256, &hashes.legacy, &hashes.lora)
        );
    }
    assert_eq!(item(&scan(&hub, &[]), "glow").hashes, Some(hashes));
    hub.compute_hashes(folder.path().join("gone"));
    assert!(matches!(
        hub.wait(PATIENCE),
        Some(HubEvent::Hashed { hashes: Err(_), .. })
    ));
}

#[test]
fn what_was_used_should_be_known_in_the_next_run() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("models/glow.safetensors");
    write(&path, &lora(&Value::Null));
    let first = hub(folder.path());
    assert_eq!(item(&scan(&first, &[]), "glow").last_used_unix_secs, None);
    first.used(vec![path]);
    let used = item(&scan(&first, &[]), "glow").last_used_unix_secs.unwrap();
    assert!(used > 1_700_000_000);
    assert_eq!(
        item(&scan(&hub(folder.path()), &[]), "glow").last_used_unix_secs,
        Some(used)
    );
}

#[cfg(target_os = "linux")]
#[test]
fn what_is_deleted_should_be_in_the_trash_with_its_picture() {
    let folder = tempfile::tempdir().unwrap();
    let models = folder.path().join("models");
    let name = format!("hareru-test-{}", std::process::id());
    let path = models.join(format!("{name}.safetensors"));
    write(&path, &lora(&Value::Null));
    write(&models.join(format!("{name}.preview.png")), b"picture");
    write(&models.join("other.png"), b"picture");
    let hub = hub(folder.path());
    hub.remove(path.clone());
    let event = hub.wait(PATIENCE);
    assert!(
        matches!(&event, Some(HubEvent::Removed(gone)) if *gone == path),
        "{event:?}"
    );
    assert_eq!(listing(&models).len(), 1);
    let ours = trash::os_limited::list()
        .unwrap()
        .into_iter()
        .filter(|item| item.name.to_string_lossy().starts_with(&name));
    let ours: Vec<_> = ours.collect();
    assert_eq!(ours.len(), 2);
    trash::os_limited::purge_all(ours).unwrap();

    hub.remove(models.clone());
    assert!(
        matches!(hub.wait(PATIENCE), Some(HubEvent::Failed { .. })),
        "never all of it"
    );
}
