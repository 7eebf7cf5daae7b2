//! The models' page, used by the names of its controls, over a real folder and a real server.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use egui::accesskit::Role;
use egui_kittest::kittest::Queryable as _;
use hareru::config::{Settings, ThemeChoice};
use hareru::hub::{DownloadState, Hub, ModelKind};
use hareru::job::{Event, JobId, ModelRef};
use hareru::ui::commands::{ImageInputCommand, ModelsCommand, PageId, UiCommand};
use serde_json::{Value, json};

use super::harness::{Window, in_language};
use super::looks::{clearing, save};
use crate::hub::downloads::{Repository, large, options};
use crate::hub::weights::{checkpoint, lora, safetensors, write};

/// Longest time a test waits for another thread.
const PATIENCE: Duration = Duration::from_secs(30);

/// Models with pictures, words and a broken file; and a folder of another program.
pub(super) fn furnish(folder: &Path) {
    let models = folder.join("models");
    write(&models.join("castle.safetensors"), &checkpoint());
    write(&models.join("torn.safetensors"), b"torn");
    write(
        &models.join("loras/glow.safetensors"),
        &lora(&json!({ "modelspec.trigger_phrase": "glow style" })),
    );
    write(&models.join("loras/glow.json"), br#"{"preferred weight": 0.8}"#);
    write(&models.join("loras/ink.safetensors"), &lora(&Value::Null));
    let words = safetensors(&[("emb_params", &[3, 768])], &Value::Null);
    write(&models.join("embeddings/soft-light.safetensors"), &words);
    let vae: [(&str, &[usize]); 2] = [("encoder.conv_in.weight", &[4]), ("decoder.conv_in.weight", &[4])];
    write(&models.join("vae/clear.safetensors"), &safetensors(&vae, &Value::Null));
    write(
        &folder.join("home/ComfyUI/models/loras/fog.safetensors"),
        &lora(&Value::Null),
    );
    for (number, name) in ["castle", "loras/glow", "loras/ink"].into_iter().enumerate() {
        let picture = clearing(1.0 - 0.2 * number as f32, 160);
        let pixels = image::RgbImage::from_raw(160, 160, picture.pixels).unwrap();
        pixels.save(models.join(format!("{name}.preview.png"))).unwrap();
    }
}

/// A window on the models' page with a hub of its own.
pub(super) fn open(folder: &Path, endpoint: &str, settings: Settings) -> Window {
    let options = options(folder, endpoint);
    let mut window = Window::open_with_hub(settings, move |repaint| {
        Hub::start(options.clone(), move || repaint()).map_err(|error| error.to_string())
    });
    window.harness.state_mut().send(UiCommand::ShowPage(PageId::Models));
    until(&mut window, |window| window.state().installed.is_scanned);
    window
}

/// Runs frames until it is so.
fn until(window: &mut Window, is_so: impl Fn(&Window) -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so(window) {
        assert!(Instant::now() < deadline, "it did not come to that");
        std::thread::sleep(Duration::from_millis(10));
        window.harness.step();
    }
    window.harness.run_ok();
}

#[test]
fn a_picture_should_be_offered_to_the_adapters_that_the_index_found() {
    let folder = tempfile::tempdir().unwrap();
    let models = folder.path().join("models");
    let [control, reference] = ["outlines.safetensors", "controlnet/ip-adapter_sd15.safetensors"];
    for (name, tensor) in [
        (control, "controlnet_cond_embedding.conv_in.weight"),
        (reference, "image_proj.proj.weight"),
    ] {
        write(&models.join(name), &safetensors(&[(tensor, &[4])], &Value::Null));
    }
    let picture = folder.path().join("photo.png");
    image::RgbImage::new(64, 64).save(&picture).unwrap();
    let mut window = open(folder.path(), "https://127.0.0.1:1", in_language("en"));
    window.send(ImageInputCommand::ShowDropMenu(picture));
    let adapters = &window.studio().image_input.adapters;
    assert_eq!(
        adapters.controls,
        [models.join(control)],
        "by its tensors, whatever its name"
    );
    assert_eq!(adapters.references, [models.join(reference)]);
}

#[test]
fn a_model_should_come_into_the_form_and_into_its_list() {
    let folder = tempfile::tempdir().unwrap();
    furnish(folder.path());
    let mut window = open(folder.path(), "https://127.0.0.1:1", in_language("en"));
    let castle = ModelRef::Path(folder.path().join("models/castle.safetensors"));
    window.click("Use: castle");
    assert_eq!(window.draft().request.model, castle);
    assert_eq!(window.engine.borrow().described.last(), Some(&castle));
    assert!(window.has("In the form"));
    let offered: Vec<_> = window.state().installed.models().collect();
    assert_eq!(offered, [castle], "and no broken one");
}

#[test]
fn a_broken_file_should_say_so_on_its_card() {
    let folder = tempfile::tempdir().unwrap();
    furnish(folder.path());
    let window = open(folder.path(), "https://127.0.0.1:1", in_language("en"));
    let found = window
        .harness
        .query_by_label_contains("has 4 bytes, its header describes at least 8");
    assert!(found.is_some());
    assert!(!window.has("Use: torn"));
}

#[test]
fn a_lora_should_bring_its_words_and_take_them_away_again() {
    let folder = tempfile::tempdir().unwrap();
    furnish(folder.path());
    let mut window = open(folder.path(), "https://127.0.0.1:1", in_language("en"));
    "a tower".clone_into(&mut window.draft_mut().request.prompt);
    window.click("LoRAs");
    window.click("Use: glow");
    let draft = window.draft();
    assert_eq!(draft.request.prompt, "a tower, glow style");
    assert_eq!(
        draft.request.loras[0].path,
        folder.path().join("models/loras/glow.safetensors")
    );
    assert_eq!(
        (draft.request.loras[0].unet_weight, draft.request.loras[0].text_weight),
        (0.8, 0.8)
    );
    assert!(draft.to_request().unwrap().loras == draft.request.loras);
    assert!(window.has("Weight: glow"));

    window.click("Take out: glow");
    let draft = window.draft();
    assert_eq!((&*draft.request.prompt, draft.request.loras.len()), ("a tower", 0));
}

#[test]
fn an_embedding_and_an_autoencoder_should_come_and_go() {
    let folder = tempfile::tempdir().unwrap();
    furnish(folder.path());
    let mut window = open(folder.path(), "https://127.0.0.1:1", in_language("en"));
    "a tower".clone_into(&mut window.draft_mut().request.prompt);
    window.click("Embeddings");
    window.click("Use: soft-light");
    assert_eq!(window.draft().request.prompt, "a tower, soft-light");
    assert_eq!(window.draft().request.embeddings.len(), 1);
    window.click("Take out: soft-light");
    assert_eq!(window.draft().request.prompt, "a tower");
    window.click("VAEs");
    window.click("Use: clear");
    let vae = folder.path().join("models/vae/clear.safetensors");
    assert_eq!(window.draft().to_request().unwrap().vae, Some(vae));
    window.click("Take out: clear");
    assert_eq!(window.draft().to_request().unwrap().vae, None);
}

#[test]
fn words_in_the_search_field_should_leave_what_has_them() {
    let folder = tempfile::tempdir().unwrap();
    furnish(folder.path());
    let mut window = open(folder.path(), "https://127.0.0.1:1", in_language("en"));
    window.click("LoRAs");
    window
        .harness
        .key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::F);
    window.harness.run_ok();
    let field = window
        .harness
        .get_by_role_and_label(Role::TextInput, "Search names, families, trigger words");
    assert!(field.is_focused());
    field.type_text("STYLE sdxl");
    window.harness.run_ok();
    assert!(window.has("Use: glow"));
    assert!(!window.has("Use: ink"));
}

#[test]
fn folders_of_other_programs_should_be_offered_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    furnish(folder.path());
    let mut window = open(folder.path(), "https://127.0.0.1:1", in_language("en"));
    let comfy = folder.path().join("home/ComfyUI");
    window.click(&format!("Add: {}", comfy.display()));
    assert_eq!(
        window.kept.borrow().last().unwrap().model_folders,
        std::slice::from_ref(&comfy)
    );
    window.click("LoRAs");
    until(&mut window, |window| window.has("Use: fog"));
    window.click("More: fog");
    assert!(!window.has("Delete"), "never of another program");
    window.harness.key_press(egui::Key::Escape);
    window.harness.run_ok();

    window.click(&format!("Leave out: {}", comfy.display()));
    assert!(window.kept.borrow().last().unwrap().model_folders.is_empty());
    until(&mut window, |window| !window.has("Use: fog"));
}

#[test]
fn a_folder_that_is_dropped_should_be_looked_into_for_models() {
    let folder = tempfile::tempdir().unwrap();
    furnish(folder.path());
    let other = folder.path().join("other models");
    write(&other.join("harbour.safetensors"), &checkpoint());
    let mut window = open(folder.path(), "https://127.0.0.1:1", in_language("en"));
    window.drop_file(&other);
    until(&mut window, |window| window.has("Use: harbour"));
    assert_eq!(window.kept.borrow().last().unwrap().model_folders, [other]);
    assert_eq!(window.state().page, PageId::Models);
    assert!(window.studio().image_input.drop_menu.is_none());

    let picture = folder.path().join("photo.png");
    image::RgbImage::new(64, 64).save(&picture).unwrap();
    window.drop_file(&picture);
    assert_eq!(
        window.studio().image_input.drop_menu,
        Some(picture),
        "a picture is offered as ever"
    );
}

#[test]
fn a_hash_should_be_computed_when_it_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    furnish(folder.path());
    let mut window = open(folder.path(), "https://127.0.0.1:1", in_language("en"));
    let path = folder.path().join("models/castle.safetensors");
    window.click("More: castle");
    window.click("Compute hash");
    until(&mut window, |window| {
        let installed = &window.state().installed;
        installed.item(&path).unwrap().hashes.is_some()
    });
    let installed = &window.state().installed;
    let short = installed
        .item(&path)
        .unwrap()
        .hashes
        .as_ref()
        .unwrap()
        .short()
        .to_owned();
    assert!(window.harness.query_by_label_contains(&short).is_some());
}

#[test]
fn what_a_job_uses_should_be_known_as_used() {
    let folder = tempfile::tempdir().unwrap();
    furnish(folder.path());
    let mut window = open(folder.path(), "https://127.0.0.1:1", in_language("en"));
    assert_eq!(window.harness.query_all_by_label_contains("not used yet").count(), 2);
    window.click("Use: castle");
    window.generate();
    window.tell([Event::Finished { job: JobId(1) }]);
    let path = folder.path().join("models/castle.safetensors");
    let used = |window: &Window| window.state().installed.item(&path).unwrap().last_used_unix_secs;
    assert!(used(&window).is_some());
    let file = folder.path().join("models.json");
    until(&mut window, |_| file.exists());
}

#[test]
fn a_download_should_be_seen_stopped_resumed_and_listed() {
    let folder = tempfile::tempdir().unwrap();
    let repository = Repository::single("tower.safetensors", large(4));
    let is_slow = Arc::clone(&repository.is_slow);
    is_slow.store(true, std::sync::atomic::Ordering::Relaxed);
    let server = repository.serve();
    let mut window = open(folder.path(), &server.url(""), in_language("en"));
    window
        .harness
        .get_by_role_and_label(Role::TextInput, "Hugging Face")
        .focus();
    window.harness.run_ok();
    let field = window.harness.get_by_role_and_label(Role::TextInput, "Hugging Face");
    field.type_text("someone/tiny");
    window.harness.run_ok();
    window.click("Download");
    let state = |window: &Window| window.state().installed.downloads.first().cloned();
    until(&mut window, |window| {
        state(window).is_some_and(|download| download.done_bytes > 0)
    });
    window.click("Stop: someone/tiny");
    until(&mut window, |window| {
        state(window).unwrap().state == DownloadState::Paused
    });
    assert!(window.harness.query_by_label_contains("Stopped at").is_some());

    is_slow.store(false, std::sync::atomic::Ordering::Relaxed);
    window.click("Resume: someone/tiny");
    until(&mut window, |window| window.has("Use: tower"));
    assert!(matches!(state(&window).unwrap().state, DownloadState::Finished(_)));
    window.click("Remove: someone/tiny");
    assert!(state(&window).is_none());

    assert!(say_why_not(&mut window, "A model is called owner/name"));
}

/// Asks for a model that cannot be; whether it is said with these words.
fn say_why_not(window: &mut Window, words: &str) -> bool {
    let fetch = ModelsCommand::Fetch {
        what: "nonsense".to_owned(),
        prefer_fp16: false,
    };
    window.harness.state_mut().send(UiCommand::Models(fetch));
    window.harness.run_ok();
    window.harness.query_by_label_contains(words).is_some()
}

#[test]
fn why_a_model_cannot_be_fetched_should_be_said_in_japanese_too() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = open(folder.path(), "https://127.0.0.1:1", in_language("ja"));
    assert!(say_why_not(&mut window, "モデルは「所有者/名前」"));
}

#[test]
#[ignore = "writes pictures to be looked at"]
fn looks_of_the_models_page() {
    let folder = tempfile::tempdir().unwrap();
    furnish(folder.path());
    let repository = Repository::single("tower.safetensors", large(8));
    repository.is_slow.store(true, std::sync::atomic::Ordering::Relaxed);
    let server = repository.serve();
    for language in ["en", "ja"] {
        for (theme, name) in [(ThemeChoice::Dark, "dark"), (ThemeChoice::Light, "light")] {
            let mut window = open(folder.path(), &server.url(""), in_language(language));
            window.harness.state_mut().send(UiCommand::SetTheme(theme));
            for _ in 0..20 {
                window.harness.step();
                std::thread::sleep(Duration::from_millis(10));
            }
            save(&mut window, &format!("models-{language}-{name}-models"));
            let page = UiCommand::Models(ModelsCommand::ShowKind(ModelKind::Lora));
            window.harness.state_mut().send(page);
            let fetch = ModelsCommand::Fetch {
                what: "someone/tiny".to_owned(),
                prefer_fp16: false,
            };
            window.harness.state_mut().send(UiCommand::Models(fetch));
            let glow = folder.path().join("models/loras/glow.safetensors");
            window.harness.state_mut().send(UiCommand::PutInForm(glow));
            for _ in 0..100 {
                window.harness.step();
                std::thread::sleep(Duration::from_millis(10));
            }
            save(&mut window, &format!("models-{language}-{name}-loras"));
        }
    }
}
