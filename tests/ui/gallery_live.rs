//! The gallery's page with a real index service on a real folder, and how it looks.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use egui::{Key, Modifiers, Role};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use hareru::gallery::{
    DayCount, EntryId, IndexEvent, IndexService, IndexServiceOptions, PictureEntry, SearchResult, TrashPlace,
    UserMetadata, Writer, read_user_metadata, save_as,
};
use hareru::job::GenerateRequest;
use hareru::ui::app::Studio;
use hareru::ui::commands::{GalleryCommand, PageId, UiCommand};
use hareru::ui::services::{Pictures, ServiceFactory};

use super::gallery::{answer, entry};
use super::harness::{MemoryClipboard, NoDialogs, Window, in_language, open_with};
use super::journey::until;
use crate::support::generated_image;

/// How far the window's clock goes in a step: about as long as one takes, so that what goes away by itself does not
/// while the index service works.
const STEP_SECS: f32 = 0.01;

/// A window on a gallery, with its own writer and index service.
fn open(folder: &Path) -> Harness<'static, Studio> {
    let services = ServiceFactory {
        start_engine: Box::new(|_wake| Err("nothing is made here".to_owned())),
        start_pictures: Box::new(|folder, repaint| {
            Writer::start(folder.to_owned(), move || repaint())
                .map(|writer| Box::new(writer) as Box<dyn Pictures>)
                .map_err(|error| error.to_string())
        }),
        start_library: Some(Box::new(|folder, watched, repaint| {
            let options = IndexServiceOptions {
                watched: Some(watched),
                trash: TrashPlace::Folder,
                poll: None,
            };
            IndexService::start_with(folder, options, move || repaint()).map_err(|error| error.to_string())
        })),
        start_hub: None,
        start_queue: None,
        dialogs: Box::new(NoDialogs),
        clipboard: Arc::new(MemoryClipboard::default()),
        log_file: folder.join("hareru.log"),
        keep_settings: Box::new(|_settings| {}),
        session_file: None,
    };
    let mut harness = open_with(
        Harness::builder().with_step_dt(STEP_SECS),
        services,
        in_language("en"),
        folder,
    );
    harness.state().send(UiCommand::ShowPage(PageId::Gallery));
    harness.step();
    harness
}

/// Saves pictures with records: `name.png` shows what is said.
fn fill(folder: &Path, pictures: &[(&str, &str, u64)]) {
    for (name, prompt, seed) in pictures {
        let image = generated_image(GenerateRequest {
            prompt: (*prompt).to_owned(),
            seed: *seed,
            ..GenerateRequest::default()
        });
        save_as(&folder.join(format!("{name}.png")), &image).unwrap();
    }
}

fn wait_for(harness: &mut Harness<'static, Studio>, label: &str) {
    let start = Instant::now();
    while harness.query_all_by_label(label).next().is_none() {
        assert!(start.elapsed() < Duration::from_mins(1), "waited in vain for {label:?}");
        std::thread::sleep(Duration::from_millis(5));
        harness.step();
    }
}

fn three(folder: &Path) -> Harness<'static, Studio> {
    fill(
        folder,
        &[
            ("boat", "a red boat on the sea", 1),
            ("house", "a lighthouse by the sea", 2),
            ("wood", "a path in a dark wood", 3),
        ],
    );
    let mut harness = open(folder);
    for name in ["boat.png", "house.png", "wood.png"] {
        wait_for(&mut harness, name);
    }
    harness
}

#[test]
fn pictures_should_be_found_by_words_and_by_marks() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = three(folder.path());
    harness.get_by_role_and_label(Role::Button, "house.png").click();
    harness.step();
    harness.key_press(Key::Num4);
    harness.step();
    until(&mut harness, "the mark is in its file", |_| {
        read_user_metadata(&folder.path().join("house.png"), None).is_ok_and(|marks| marks.rating == 4)
    });
    harness.key_press_modifiers(Modifiers::COMMAND, Key::F);
    harness.step();
    harness.get_by_label("Search").type_text("sea rating>=4");
    harness.step();
    wait_for(&mut harness, "1 of 3 pictures");
    harness.get_by_role_and_label(Role::Button, "house.png");
    assert!(harness.query_by_role_and_label(Role::Button, "boat.png").is_none());
    harness.get_by_label("Clear the search").click();
    harness.step();
    wait_for(&mut harness, "3 pictures");
}

#[test]
fn what_was_put_into_the_trash_should_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = three(folder.path());
    harness.get_by_role_and_label(Role::Button, "boat.png").click();
    harness.step();
    harness.key_press(Key::Delete);
    harness.step();
    wait_for(&mut harness, "The picture is in the trash");
    wait_for(&mut harness, "2 pictures");
    assert!(!folder.path().join("boat.png").exists());
    harness.step(); // what is told stands where it belongs
    harness.get_by_label("Undo").click();
    harness.step();
    wait_for(&mut harness, "boat.png");
    assert!(folder.path().join("boat.png").exists());

    harness.get_by_role_and_label(Role::Button, "wood.png").click();
    harness.step();
    harness.key_press(Key::Delete);
    harness.step();
    wait_for(&mut harness, "2 pictures");
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    harness.step();
    wait_for(&mut harness, "wood.png");
}

#[test]
fn tags_and_collections_should_appear_at_the_left() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = three(folder.path());
    harness.get_by_role_and_label(Role::Button, "boat.png").click();
    harness.step();
    harness.key_press(Key::T);
    harness.step();
    harness.step();
    harness.get_by_label("New tag").type_text("sails");
    harness.step();
    harness.key_press(Key::Enter);
    harness.step();
    wait_for(&mut harness, "sails");
    harness.get_by_label("New collection").focus();
    harness.step();
    harness.get_by_label("New collection").type_text("By the water");
    harness.step();
    harness.key_press(Key::Enter);
    harness.step();
    wait_for(&mut harness, "By the water");
    harness.get_by_label("By the water").click();
    harness.step();
    wait_for(&mut harness, "1 of 3 pictures");
}

#[test]
fn a_picture_added_by_another_program_should_appear() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = three(folder.path());
    fill(folder.path(), &[("moon", "the moon over the sea", 4)]);
    wait_for(&mut harness, "moon.png");
}

#[test]
fn settings_should_be_copied_as_other_programs_read_them() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = three(folder.path());
    harness.get_by_role_and_label(Role::Button, "boat.png").click();
    harness.step();
    harness.state().send(UiCommand::Gallery(GalleryCommand::CopySettings));
    let start = Instant::now();
    loop {
        harness.step();
        let commands = &harness.output().platform_output.commands;
        let copied = commands.iter().find_map(|command| match command {
            egui::OutputCommand::CopyText(text) => Some(text.clone()),
            _ => None,
        });
        if let Some(text) = copied {
            assert!(
                text.starts_with("a red boat on the sea\n") && text.contains("Seed: 1"),
                "{text}"
            );
            break;
        }
        assert!(start.elapsed() < Duration::from_mins(1), "nothing was copied");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn a_torn_query_should_be_explained_by_the_index() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = three(folder.path());
    harness.key_press_modifiers(Modifiers::COMMAND, Key::F);
    harness.step();
    harness.get_by_label("Search").type_text("steps>many");
    until(&mut harness, "the search is refused", |studio| {
        studio.gallery().search.error.is_some()
    });
}

/// A picture of hills under a sky of its own colours.
fn landscape(number: u32, width_px: u32, height_px: u32) -> hareru::job::RgbImage {
    let hue = |shift: f32| {
        let angle = number as f32 * 0.7 + shift;
        [0.0, 2.1, 4.2].map(|part| 128.0 + 110.0 * (angle + part).sin())
    };
    let (sky, hill) = (hue(0.0), hue(1.6));
    let mut pixels = Vec::new();
    for y in 0..height_px {
        for x in 0..width_px {
            let (u, v) = (x as f32 / width_px as f32, y as f32 / height_px as f32);
            let is_sun = (u - 0.3).hypot((v - 0.35) * height_px as f32 / width_px as f32) < 0.1;
            let is_hill = v > 0.6 + 0.12 * (u * 6.0 + number as f32).sin();
            let shade = if is_hill { 0.8 - 0.4 * v } else { 1.0 - 0.4 * v };
            let colour = match (is_hill, is_sun) {
                (true, _) => hill,
                (_, true) => [255.0, 240.0, 200.0],
                _ => sky,
            };
            pixels.extend(colour.map(|value| (value * shade) as u8));
        }
    }
    hareru::job::RgbImage {
        width_px,
        height_px,
        pixels,
    }
}

fn shown(id: i64, folder: &std::path::Path) -> PictureEntry {
    let sizes = [(512, 512), (512, 768), (768, 512), (640, 384), (96, 96)];
    let (width_px, height_px) = sizes[id as usize % sizes.len()];
    let path = folder.join(format!("2026-11-{:02}-{id:04}-lighthouse.png", 1 + id / 20));
    if !path.exists() {
        hareru::gallery::save_pixels(&path, &landscape(id as u32, width_px, height_px)).unwrap();
    }
    let mut marks = UserMetadata {
        rating: if id % 4 == 0 { (id % 6) as u8 } else { 0 },
        is_favourite: id % 9 == 0,
        ..UserMetadata::default()
    };
    marks.tags.extend(["sea".to_owned(), "night".to_owned()]);
    marks.collections.insert("best of".to_owned());
    PictureEntry {
        prompt: "a lighthouse at night by the sea, long exposure, film grain, volumetric light".to_owned(),
        negative_prompt: "blurry, lowres".to_owned(),
        width_px,
        height_px,
        path,
        user_metadata: marks,
        created_unix_secs: 1_794_000_000 + id * 3600,
        ..entry(id)
    }
}

/// Fills the gallery's page with pictures of days long gone, and draws them all.
pub(super) fn fill_with_landscapes(window: &mut Window, folder: &Path, count: i64) {
    window.harness.state_mut().gallery_mut().thumbnail_dir = Some(folder.join("cache"));
    let days = [(19_700, count / 3), (19_690, count - count / 3)];
    let found = SearchResult {
        ids: (0..count).map(EntryId).collect(),
        days: days
            .map(|(day, count)| DayCount {
                day,
                count: count as usize,
            })
            .to_vec(),
        total: count as usize,
    };
    show_landscapes(window, folder, &found);
}

/// Answers what the gallery's page asks until the pictures are drawn.
fn show_landscapes(window: &mut Window, folder: &Path, found: &SearchResult) {
    for _ in 0..30 {
        let now = window.harness.ctx.input(|input| input.time);
        let page = window.harness.state_mut().gallery_mut();
        answer(page, found, now);
        let ids: Vec<_> = found.ids.iter().take(200).collect();
        let entries = ids.iter().map(|id| Arc::new(shown(id.0, folder))).collect();
        page.apply(IndexEvent::Changed(entries));
        window.harness.step();
        std::thread::sleep(std::time::Duration::from_millis(40));
    }
}

#[test]
#[ignore = "writes pictures for a person to look at"]
fn looks_of_the_gallery() {
    let folder = tempfile::tempdir().unwrap();
    let today = 20_777;
    let found = SearchResult {
        ids: (0..200).map(EntryId).collect(),
        days: [(0, 9), (1, 14), (2, 40), (7, 60), (30, 77)]
            .map(|(ago, count)| DayCount {
                day: today - ago,
                count,
            })
            .to_vec(),
        total: 200,
    };
    std::fs::write(folder.path().join("2026-11-01-0003-lighthouse.png"), b"torn").unwrap();
    for language in ["en", "ja"] {
        for (theme, choice) in [
            ("dark", hareru::config::ThemeChoice::Dark),
            ("light", hareru::config::ThemeChoice::Light),
        ] {
            let mut window = Window::open_drawn_in(language);
            let page = window.harness.state_mut().gallery_mut();
            page.thumbnail_dir = Some(folder.path().join("cache"));
            window.harness.state().send(UiCommand::SetTheme(choice));
            window.send(UiCommand::ShowPage(PageId::Gallery));
            super::looks::look(&mut window, &format!("gallery-{language}-{theme}-0-opening"));
            show_landscapes(&mut window, folder.path(), &found);
            super::looks::look(&mut window, &format!("gallery-{language}-{theme}-1-grid"));
            for command in [
                GalleryCommand::Choose(5, hareru::ui::commands::SelectMode::Only),
                GalleryCommand::Choose(8, hareru::ui::commands::SelectMode::Toggle),
            ] {
                window.send(UiCommand::Gallery(command));
            }
            let page = window.harness.state_mut().gallery_mut();
            page.apply(IndexEvent::Scanning {
                done: 1234,
                total: Some(9000),
            });
            super::looks::look(&mut window, &format!("gallery-{language}-{theme}-2-two"));
            window.press_with(Modifiers::NONE, Key::ArrowRight);
            window.press_with(Modifiers::NONE, Key::F1);
            show_landscapes(&mut window, folder.path(), &found);
            super::looks::look(&mut window, &format!("gallery-{language}-{theme}-3-help"));
            window.press_with(Modifiers::NONE, Key::F1);
            window.press_with(Modifiers::NONE, Key::Space);
            show_landscapes(&mut window, folder.path(), &found);
            super::looks::look(&mut window, &format!("gallery-{language}-{theme}-4-look"));
            window.press_with(Modifiers::NONE, Key::Space);
            window.press_with(Modifiers::COMMAND, Key::F);
            let search = if language == "en" { "Search" } else { "検索" };
            window.harness.get_by_label(search).type_text("model:Sta rating>x");
            window.harness.run();
            show_landscapes(&mut window, folder.path(), &found);
            super::looks::look(&mut window, &format!("gallery-{language}-{theme}-5-search"));
            window.press_with(Modifiers::NONE, Key::Escape);
            window.press_with(Modifiers::NONE, Key::Escape);
            window
                .harness
                .get_by_role_and_label(Role::Button, "2026-11-01-0008-lighthouse.png")
                .click_secondary();
            super::looks::look(&mut window, &format!("gallery-{language}-{theme}-6-menu"));
        }
    }
}
