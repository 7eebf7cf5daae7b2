//! The gallery's page: what it shows of what the index service tells, and each of its verbs.

use std::path::PathBuf;
use std::sync::Arc;

use egui::{Key, Modifiers, Role};
use egui_kittest::kittest::Queryable as _;
use hareru::gallery::{
    Completion, DayCount, EntryId, IndexEvent, IndexRequest, LabelCount, PictureEntry, RecordSource, SearchResult,
    Ticket, UserMetadata,
};
use hareru::ui::commands::{GalleryCommand, PageId, PageNotice, UiCommand};
use hareru::ui::i18n::Language;
use hareru::ui::pages::gallery::GalleryState;

use super::harness::Window;

/// A picture of the index.
pub(super) fn entry(id: i64) -> PictureEntry {
    PictureEntry {
        id: EntryId(id),
        path: PathBuf::from(format!("/pictures/{id:05}.png")),
        width_px: 256,
        height_px: if id % 3 == 0 { 384 } else { 256 },
        bytes: 120_000,
        modified_unix_ms: 1_700_000_000_000,
        created_unix_secs: 1_700_000_000,
        source: Some(RecordSource::Hareru),
        prompt: format!("a lighthouse number {id}"),
        negative_prompt: "fog".to_owned(),
        model: "Starter".to_owned(),
        sampler: "euler".to_owned(),
        loras: Vec::new(),
        seed: Some(id as u64),
        guidance_scale: Some(5.0),
        steps: Some(25),
        has_run: id % 2 == 0,
        user_metadata: UserMetadata::default(),
    }
}

/// Pictures of which ten were made every day, the newest first.
pub(super) fn found(count: usize) -> SearchResult {
    let days = (0..)
        .take(count.div_ceil(10))
        .map(|day| DayCount {
            day: 20_000 - day,
            count: (count - 10 * day as usize).min(10),
        })
        .collect();
    SearchResult {
        ids: (0..i64::try_from(count).unwrap()).rev().map(EntryId).collect(),
        days,
        total: count,
    }
}

/// Answers everything the page asks as an index with these pictures would; the result is what was asked.
pub(super) fn answer(page: &mut GalleryState, found: &SearchResult, now: f64) -> Vec<IndexRequest> {
    let mut all = Vec::new();
    for round in 1..10 {
        let mut asked = Vec::new();
        page.ask_what_is_due(now, |question| {
            asked.push(question);
            Ticket(round * 100 + asked.len() as u64)
        });
        if asked.is_empty() {
            break;
        }
        for (number, question) in (1..).zip(&asked) {
            let ticket = Ticket(round * 100 + number);
            let event = match question {
                IndexRequest::Search { .. } => IndexEvent::Found {
                    ticket,
                    found: Arc::new(found.clone()),
                },
                IndexRequest::Entries(ids) => IndexEvent::Entries {
                    ticket,
                    entries: ids.iter().map(|id| Arc::new(entry(id.0))).collect(),
                },
                IndexRequest::Labels => IndexEvent::Labels {
                    tags: vec![LabelCount {
                        name: "sea".to_owned(),
                        count: 12,
                    }],
                    collections: vec![LabelCount {
                        name: "best of".to_owned(),
                        count: 3,
                    }],
                },
                IndexRequest::Complete { .. } => IndexEvent::Completions {
                    ticket,
                    completions: vec![Completion {
                        text: "model:Starter ".to_owned(),
                        label: "model:Starter".to_owned(),
                        count: Some(40),
                    }],
                },
                _ => continue,
            };
            page.apply(event);
        }
        all.extend(asked);
    }
    all
}

/// A window that shows the gallery with so many pictures.
pub(super) fn window(count: usize) -> Window {
    let mut window = Window::open();
    window.send(UiCommand::ShowPage(PageId::Gallery));
    settle(&mut window, &found(count));
    window
}

pub(super) fn settle(window: &mut Window, found: &SearchResult) {
    for _ in 0..3 {
        let now = window.harness.ctx.input(|input| input.time);
        answer(window.harness.state_mut().gallery_mut(), found, now);
        window.harness.run();
    }
}

pub(super) fn page(window: &Window) -> &GalleryState {
    window.harness.state().gallery()
}

pub(super) fn chosen(window: &Window) -> Vec<i64> {
    let page = page(window);
    let ids = page.selection.ids(page.found().unwrap());
    ids.iter().map(|id| id.0).collect()
}

#[test]
fn only_what_is_in_sight_should_be_asked_for() {
    let mut window = Window::open();
    window.send(UiCommand::ShowPage(PageId::Gallery));
    let found = found(100_000);
    let now = window.harness.ctx.input(|input| input.time);
    let page = window.harness.state_mut().gallery_mut();
    answer(page, &found, now);
    window.harness.run();
    let page = window.harness.state_mut().gallery_mut();
    let asked = answer(page, &found, now);
    let ids: Vec<_> = asked
        .iter()
        .filter_map(|question| match question {
            IndexRequest::Entries(ids) => Some(ids),
            _ => None,
        })
        .flatten()
        .collect();
    assert!((10..200).contains(&ids.len()), "{} pictures were asked for", ids.len());
    assert!(ids.contains(&&EntryId(99_999)));
    window.harness.run();
    window.harness.get_by_role_and_label(Role::Button, "99999.png");
    assert!(
        window
            .harness
            .query_by_role_and_label(Role::Button, "50000.png")
            .is_none()
    );
    window.harness.get_by_label("100,000 pictures");
}

#[test]
fn a_click_should_choose_and_modifiers_should_choose_more() {
    let mut window = window(40);
    window.click_role(Role::Button, "00039.png");
    assert_eq!(chosen(&window), [39]);
    window
        .harness
        .get_by_role_and_label(Role::Button, "00036.png")
        .click_modifiers(Modifiers::SHIFT);
    window.harness.run();
    assert_eq!(chosen(&window), [39, 38, 37, 36]);
    window
        .harness
        .get_by_role_and_label(Role::Button, "00038.png")
        .click_modifiers(Modifiers::COMMAND);
    window.harness.run();
    assert_eq!(chosen(&window), [39, 37, 36]);
    assert!(window.harness.query_all_by_label("3 chosen").count() > 0);
    window.press_with(Modifiers::COMMAND, Key::A);
    assert_eq!(chosen(&window).len(), 40);
    window.press_with(Modifiers::NONE, Key::Escape);
    assert!(page(&window).selection.is_empty());
}

#[test]
fn the_details_should_name_model_and_sampler_as_the_form_does() {
    let mut window = window(4);
    window.click_role(Role::Button, "00003.png");
    settle(&mut window, &found(4));
    assert!(window.has("Euler") && !window.has("euler"));
    window.send(UiCommand::SetLanguage(Language::Japanese));
    assert!(window.has("スターター") && !window.has("Starter"));
}

#[test]
fn the_keyboard_should_reach_every_picture_and_bring_it_into_sight() {
    let mut window = window(400);
    window.press_with(Modifiers::NONE, Key::ArrowRight);
    assert_eq!(chosen(&window), [399], "the first key finds the first picture");
    window.press_with(Modifiers::NONE, Key::ArrowRight);
    window.press_with(Modifiers::SHIFT, Key::ArrowRight);
    assert_eq!(chosen(&window), [398, 397]);
    window.press_with(Modifiers::NONE, Key::End);
    assert_eq!(chosen(&window), [0]);
    settle(&mut window, &found(400));
    window.harness.get_by_role_and_label(Role::Button, "00000.png");
    window.press_with(Modifiers::NONE, Key::PageUp);
    let up = chosen(&window)[0];
    assert!((1..60).contains(&up), "a page above the last is {up}");
    window.press_with(Modifiers::NONE, Key::Home);
    settle(&mut window, &found(400));
    window.harness.get_by_role_and_label(Role::Button, "00399.png");
}

#[test]
fn what_is_in_sight_should_stay_when_pictures_come_and_pages_change() {
    let mut window = window(400);
    for _ in 0..30 {
        window.press(Key::ArrowDown);
    }
    settle(&mut window, &found(400));
    let id = page(&window).selection.focused_id().unwrap();
    let label = entry(id.0).path.file_name().unwrap().to_str().unwrap().to_owned();
    let before = window.harness.get_by_role_and_label(Role::Button, &label).rect();

    let mut grown = found(400);
    grown.ids.splice(0..0, (400..450).rev().map(EntryId));
    grown.days.insert(0, DayCount { day: 20_001, count: 50 });
    grown.total = 450;
    window
        .harness
        .state_mut()
        .gallery_mut()
        .apply(IndexEvent::ContentChanged);
    settle(&mut window, &grown);
    assert_eq!(page(&window).ids().len(), 450);
    let after = window.harness.get_by_role_and_label(Role::Button, &label).rect();
    assert!((after.top() - before.top()).abs() < 2.0, "{before} became {after}");

    window.send(UiCommand::ShowPage(PageId::Studio));
    window.send(UiCommand::ShowPage(PageId::Gallery));
    let again = window.harness.get_by_role_and_label(Role::Button, &label).rect();
    assert!((again.top() - before.top()).abs() < 2.0, "{before} became {again}");
}

#[test]
fn enter_should_open_in_the_studio_with_its_run() {
    let mut window = window(20);
    window.click_role(Role::Button, "00018.png");
    window.press_with(Modifiers::NONE, Key::Enter);
    assert_eq!(window.state().page, PageId::Studio);
    assert_eq!(window.pictures.borrow().opened, [entry(18).path]);
}

#[test]
fn space_should_look_at_one_picture_and_arrows_go_on() {
    let mut window = window(20);
    window.click_role(Role::Button, "00018.png");
    window.press_with(Modifiers::NONE, Key::Space);
    window.harness.get_by_label("Close quick look");
    window.press_with(Modifiers::NONE, Key::ArrowRight);
    assert_eq!(chosen(&window), [17]);
    window.press_with(Modifiers::NONE, Key::Escape);
    assert!(!window.has("Close quick look"));
    assert_eq!(chosen(&window), [17], "Escape closes one thing at a time");
    window.press_with(Modifiers::NONE, Key::Space);
    window.press_with(Modifiers::NONE, Key::Space);
    assert!(!page(&window).is_previewing);
}

#[test]
fn escape_over_the_quick_look_should_never_stop_a_job() {
    let mut window = window(20);
    window.send(UiCommand::ShowPage(PageId::Studio));
    window.generate();
    window.send(UiCommand::ShowPage(PageId::Gallery));
    window.click_role(Role::Button, "00018.png");
    window.press_with(Modifiers::NONE, Key::Space);
    window.press_with(Modifiers::COMMAND, Key::F); // the search field has the keyboard now
    window.press_with(Modifiers::NONE, Key::Escape);
    assert!(!page(&window).is_previewing && window.engine.borrow().cancelled.is_empty());
}

#[test]
fn keys_and_stars_should_mark_what_is_chosen_at_once() {
    let mut window = window(20);
    window.click_role(Role::Button, "00019.png");
    window.press_with(Modifiers::NONE, Key::Num4);
    window.press_with(Modifiers::NONE, Key::F);
    let marks = |window: &Window| page(window).entry(EntryId(19)).unwrap().user_metadata.clone();
    assert_eq!((marks(&window).rating, marks(&window).is_favourite), (4, true));
    window.press_with(Modifiers::NONE, Key::F);
    assert!(!marks(&window).is_favourite, "all are, so none shall be");
    window.click("2 stars");
    assert_eq!(marks(&window).rating, 2);
    window.press_with(Modifiers::NONE, Key::Num0);
    assert_eq!(marks(&window).rating, 0);

    window.press_with(Modifiers::NONE, Key::T);
    window.harness.get_by_label("New tag").type_text("night");
    window.harness.run();
    window.press_with(Modifiers::NONE, Key::Enter);
    assert!(marks(&window).tags.contains("night"));
    window.harness.get_by_label("New tag").type_text("se");
    window.harness.run();
    window.press_with(Modifiers::NONE, Key::Tab);
    assert!(marks(&window).tags.contains("sea"), "the suggestion is taken");
    window.click("Remove the tag night");
    assert!(!marks(&window).tags.contains("night"));
}

#[test]
fn pictures_in_the_trash_should_be_told_with_a_way_back() {
    let mut page = GalleryState::default();
    let told = page.apply(IndexEvent::Trashed { count: 3 }).unwrap();
    assert!(matches!(told, PageNotice::Undoable(_)));
    let told = page.apply(IndexEvent::Restored { count: 3 }).unwrap();
    assert!(matches!(told, PageNotice::Info(_)));
}

#[test]
fn two_to_nine_should_be_compared_and_no_others() {
    let mut window = window(20);
    window.click_role(Role::Button, "00019.png");
    window.press_with(Modifiers::NONE, Key::C);
    assert_eq!(window.state().page, PageId::Gallery);
    window.harness.get_by_label_contains("Choose two to nine pictures");
    window.press_with(Modifiers::SHIFT, Key::ArrowRight);
    window.press_with(Modifiers::NONE, Key::C);
    assert_eq!(window.state().page, PageId::Compare);
}

#[test]
fn the_prompt_should_be_copied() {
    let mut window = window(20);
    window.click_role(Role::Button, "00019.png");
    window
        .harness
        .state()
        .send(UiCommand::Gallery(GalleryCommand::CopyPrompt));
    window.harness.step();
    let copied = window
        .harness
        .output()
        .platform_output
        .commands
        .iter()
        .any(|command| matches!(command, egui::OutputCommand::CopyText(text) if text == "a lighthouse number 19"));
    assert!(copied, "nothing was put on the clipboard");
    window.harness.run();
    window.harness.get_by_label("The prompt is on the clipboard");
}

#[test]
fn the_menu_of_a_picture_should_have_every_verb() {
    let mut window = window(20);
    window
        .harness
        .get_by_role_and_label(Role::Button, "00017.png")
        .click_secondary();
    window.harness.run();
    assert_eq!(chosen(&window), [17]);
    for verb in [
        "Open in the studio",
        "Quick look",
        "Copy picture",
        "Copy settings",
        "Show in folder",
        "Favourite",
        "Tag…",
        "Move to trash",
        "Rate",
    ] {
        let count = window.harness.query_all_by_label_contains(verb).count();
        assert!(count > 0, "there is no {verb:?}");
    }
}

#[test]
fn an_empty_gallery_should_say_what_to_do() {
    let mut window = window(0);
    window.harness.get_by_label("No pictures yet");
    let mut none = found(0);
    none.total = 40;
    window.send(GalleryCommand::SearchFor("zebra".to_owned()));
    settle(&mut window, &none);
    window.harness.get_by_label("No picture matches");
    window.harness.get_by_label("0 of 40 pictures");
}

#[test]
fn a_folder_that_is_gone_and_files_being_read_should_be_told_in_the_line_below() {
    let mut window = window(40);
    let page = window.harness.state_mut().gallery_mut();
    page.apply(IndexEvent::Scanning {
        done: 1234,
        total: Some(10_000),
    });
    let told = page.apply(IndexEvent::FolderLost(PathBuf::from("/media/stick")));
    assert!(matches!(told, Some(PageNotice::Error(_))));
    window.harness.run();
    window.harness.get_by_label("Looking at files: 1,234 of 10,000");
    window.harness.get_by_label_contains("/media/stick is not there");
    let page = window.harness.state_mut().gallery_mut();
    page.apply(IndexEvent::FolderFound(PathBuf::from("/media/stick")));
    page.apply(IndexEvent::Scanned {
        pictures: 40,
        unreadable: 2,
    });
    window.harness.run();
    window.harness.get_by_label("2 files cannot be read");
    assert!(window.harness.query_by_label_contains("/media/stick").is_none());
}

#[test]
fn a_refused_mark_should_be_asked_for_again() {
    let mut window = window(20);
    window.click_role(Role::Button, "00019.png");
    window.press_with(Modifiers::NONE, Key::Num5);
    let page = window.harness.state_mut().gallery_mut();
    page.apply(IndexEvent::Failed {
        message: "the disk is full".to_owned(),
    });
    settle(&mut window, &found(20));
    let page = self::page(&window);
    assert_eq!(page.entry(EntryId(19)).unwrap().user_metadata.rating, 0);
}

#[test]
fn cells_should_be_drawn_larger_and_smaller() {
    let mut window = window(400);
    let before = window
        .harness
        .get_by_role_and_label(Role::Button, "00399.png")
        .rect()
        .width();
    window.send(GalleryCommand::SetSide(280.0));
    assert!(
        window
            .harness
            .get_by_role_and_label(Role::Button, "00399.png")
            .rect()
            .width()
            > 1.4 * before
    );
    window.send(GalleryCommand::SetSide(1.0));
    assert!(
        window
            .harness
            .get_by_role_and_label(Role::Button, "00399.png")
            .rect()
            .width()
            >= 64.0
    );
}

#[test]
fn frames_should_be_short_with_a_hundred_thousand_pictures() {
    let mut window = window(100_000);
    window.harness.hover_at(egui::pos2(600.0, 400.0));
    let found = found(100_000);
    let mut times: Vec<_> = (0..60)
        .map(|_| {
            window.harness.event(egui::Event::MouseWheel {
                unit: egui::MouseWheelUnit::Point,
                delta: egui::vec2(0.0, -500.0),
                phase: egui::TouchPhase::Move,
                source: egui::MouseWheelSource::Wheel,
                modifiers: Modifiers::NONE,
            });
            let start = std::time::Instant::now();
            window.harness.step();
            let time = start.elapsed();
            let page = window.harness.state_mut().gallery_mut();
            answer(page, &found, 0.0);
            time
        })
        .collect();
    times.sort();
    let median = times[times.len() / 2];
    println!(
        "gallery: a frame of 100,000 pictures takes {median:?} in this build, at best {:?}",
        times[0]
    );
    assert!(times[0] < std::time::Duration::from_millis(40), "{times:?}");
    assert!(
        window
            .harness
            .query_by_role_and_label(Role::Button, "99999.png")
            .is_none(),
        "it did not scroll"
    );
}
