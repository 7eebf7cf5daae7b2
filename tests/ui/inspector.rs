//! The right side of the window: plots, the tree of runs, their settings, what is kept of them.

use std::path::PathBuf;
use std::sync::Arc;

use egui_kittest::kittest::{NodeT as _, Queryable as _};
use hareru::config::{Settings, ThemeChoice};
use hareru::gallery::SaveEvent;
use hareru::job::{
    Branches, Change, Event, GenerateRequest, JobId, LatentPlane, Origin, Record, StepRecord, TokenMaps,
};
use hareru::ui::commands::UiCommand;
use hareru::ui::model::run_timeline::{RunTimeline, Source};
use hareru::ui::model::state::{Sides, View};

use super::harness::{Window, in_language, plain, record, step};

/// Latents that go from noise to a shape, `number` steps before `total`.
fn plane(number: u32, total: u32, shape: f32) -> LatentPlane {
    let part = number as f32 / total as f32;
    let mut word = 7_u32;
    let values = (0..4 * 16 * 16).map(|place| {
        word = word.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let noise = (word >> 8) as f32 / (1 << 23) as f32 - 1.0;
        part * (0.1 * shape * place as f32).sin() + (1.0 - part) * 14.0 * noise
    });
    LatentPlane {
        channels: 4,
        height: 16,
        width: 16,
        values: values.collect(),
    }
}

fn step_record(index: usize, shape: f32) -> Arc<StepRecord> {
    let number = index as u32;
    let x0 = plane(25, 25, shape * (1.0 + 0.5 / (1.0 + number as f32)));
    Arc::new(StepRecord {
        index,
        sigma: 14.6 * 0.82_f64.powf(index as f64),
        timestep: 999.0,
        x: plane(number, 25, shape),
        branches: Some(Branches {
            cond: plane(0, 25, 1.0),
            uncond: Some(plane(number, 25, 1.0)),
        }),
        x0,
        attention: vec![TokenMaps {
            tokens: 6,
            height: 16,
            width: 16,
            values: vec![1.0 / 6.0; 6 * 16 * 16],
        }],
        secs: 0.1 + 0.05 / (1.0 + number as f64),
    })
}

/// A run of 25 steps of which `count` are there.
pub(super) fn timeline(job: JobId, request: &Arc<GenerateRequest>, count: usize, shape: f32) -> RunTimeline {
    RunTimeline {
        steps: (0..count).map(|index| step_record(index, shape)).collect(),
        sigmas: (0..=25).map(|index| 14.6 * 0.82_f64.powi(index)).collect(),
        ..RunTimeline::new(Source::Live(job), Arc::clone(request))
    }
}

/// A window in which all of the inspector is in sight.
fn open() -> Window {
    let mut window = Window::open();
    window.harness.set_size(egui::vec2(1280.0, 1700.0));
    window.harness.run();
    window
}

/// A window with a run of twelve steps on its way.
pub(super) fn half_way(mut window: Window) -> (Window, JobId) {
    let job = window.generate();
    window.tell((1..=12).map(|number| step(job, number, [200, 30, 30])));
    let request = Arc::clone(&window.state().run.as_ref().unwrap().request);
    window.studio_mut().timeline = Some(timeline(job, &request, 12, 1.0));
    window.harness.run();
    (window, job)
}

fn guided(step: u32, scale: f64) -> Change {
    Change {
        guidance_scale: Some(scale),
        ..Change::at(step)
    }
}

/// A saved picture of a run.
pub(super) fn save(window: &mut Window, name: &str, request: &GenerateRequest, origin: Option<(&str, u32)>) {
    let record = Record {
        run_id: name.to_owned(),
        origin: origin.map(|(run_id, step)| Origin {
            run_id: run_id.to_owned(),
            step,
        }),
        ..record(request.clone())
    };
    window.tell_of_pictures(SaveEvent::Saved {
        path: PathBuf::from(format!("/pictures/{name}.png")),
        record: Arc::new(record),
        thumbnail: Arc::new(plain([90, 60, 160], 64)),
    });
}

/// A cat, and two branches of it: more guidance from step 8 on, and a dog from step 15 on.
pub(super) fn family(window: &mut Window) {
    let cat = GenerateRequest {
        prompt: "a cat".to_owned(),
        seed: 7,
        ..GenerateRequest::default()
    };
    let dog = Change {
        prompt: Some("a dog".to_owned()),
        ..Change::at(14)
    };
    save(window, "cat", &cat, None);
    save(window, "bright", &cat.branched(guided(7, 9.0)), Some(("cat", 7)));
    save(window, "dog", &cat.branched(dog), Some(("cat", 14)));
}

#[test]
fn clicking_a_plot_should_go_to_the_step_there() {
    let (mut window, _) = half_way(open());
    for (name, expected) in [
        ("Noise level, signal: plot", 12),
        ("Predicted noise ‖ε‖: plot", 12),
        ("What guidance adds: plot", 12),
        ("Change of the estimate ‖Δx₀‖: plot", 12),
        ("Seconds per step: plot", 12),
    ] {
        window.studio_mut().view = View::Step(3);
        window.harness.run();
        window.click(name);
        // The middle of a plot of 25 steps, of which 12 are there.
        assert_eq!(window.studio().view, View::Step(expected - 1), "{name}");
    }
}

#[test]
fn dragging_in_a_plot_should_scrub() {
    let (mut window, _) = half_way(open());
    let rect = window.harness.get_by_label("Predicted noise ‖ε‖: plot").rect();
    let at = |number: f32| egui::pos2(rect.left() + rect.width() * (number - 0.5) / 25.0, rect.center().y);
    window.harness.drag_at(at(9.0));
    window.harness.run();
    window.harness.hover_at(at(5.0));
    window.harness.run();
    assert_eq!(window.studio().view, View::Step(4));
    window.harness.drop_at(at(5.0));
    window.harness.run();
    assert_eq!(window.studio().view, View::Step(4));
}

#[test]
fn arrows_should_walk_along_a_plot_that_has_the_keyboard() {
    let (mut window, _) = half_way(open());
    window.studio_mut().view = View::Step(5);
    window.harness.get_by_label("Seconds per step: plot").focus();
    window.harness.run();
    window.press(egui::Key::ArrowLeft);
    assert_eq!(window.studio().view, View::Step(4));
    window.press(egui::Key::ArrowRight);
    assert_eq!(window.studio().view, View::Step(5));
}

#[test]
fn clicking_the_path_should_go_to_the_nearest_step() {
    let (mut window, _) = half_way(open());
    window.click("Path of the latents: plot");
    assert!(matches!(window.studio().view, View::Step(_)));
    window.click("of x₀");
    window.harness.get_by_label("Path of the latents: plot");
}

#[test]
fn numbers_of_the_shown_step_should_stand_beside_the_plots() {
    let (mut window, _) = half_way(open());
    window.studio_mut().view = View::Step(0);
    window.harness.run();
    window.harness.get_by_label("σ 14.6 · SNR 0.005");
    window.studio_mut().view = View::Step(11);
    window.harness.run();
    window.harness.get_by_label("σ 1.65 · SNR 0.37");
}

#[test]
fn a_run_without_both_sides_of_guidance_should_say_so() {
    let (mut window, _) = half_way(open());
    let timeline = window.studio_mut().timeline.as_mut().unwrap();
    for step in &mut timeline.steps {
        Arc::make_mut(step).branches = None;
    }
    window.harness.run();
    // Painted into the plot; that nothing but a plot is there is what can be asked.
    window.harness.get_by_label("What guidance adds: plot");
}

#[test]
fn every_plot_should_say_what_it_is() {
    let (mut window, _) = half_way(open());
    for (name, words) in [
        ("Noise level, signal", "SNR = 1 / σ²"),
        ("Predicted noise ‖ε‖", "ε = (x − x₀) / σ"),
        ("What guidance adds", "ε_uncond + s"),
        ("Change of the estimate ‖Δx₀‖", "‖Δx₀‖ = √"),
        ("Seconds per step", "wall time of step k"),
        ("Path of the latents", "main axes (PCA)"),
    ] {
        let question = format!("What is this? {name}");
        window.click_role(egui::accesskit::Role::Button, &question);
        window.harness.get_by_label_contains(words);
        window.click_role(egui::accesskit::Role::Button, &question);
        assert!(window.harness.query_by_label_contains(words).is_none(), "{name}");
    }
}

#[test]
fn a_branch_should_be_drawn_beside_the_run_it_left() {
    let (mut window, job) = half_way(open());
    let parent = Arc::clone(&window.state().run.as_ref().unwrap().request);
    assert!(
        window
            .harness
            .query_by_label_contains("that began the same way")
            .is_none()
    );
    let branch = Arc::new(parent.branched(guided(8, -3.0)));
    window.studio_mut().timeline = Some(timeline(JobId(job.0 + 1), &branch, 25, 2.0));
    window.harness.run();
    window.harness.get_by_label("Thin: 1 run that began the same way");
    let other = Arc::new(GenerateRequest {
        seed: parent.seed ^ 1,
        ..(*parent).clone()
    });
    window.studio_mut().timeline = Some(timeline(JobId(job.0 + 2), &other, 25, 2.0));
    window.harness.run();
    assert!(
        window
            .harness
            .query_by_label_contains("that began the same way")
            .is_none()
    );
}

#[test]
fn the_tree_should_show_branches_and_open_them() {
    let mut window = open();
    window.harness.get_by_label("Runs and their branches appear here");
    family(&mut window);
    window.harness.get_by_label("Run cat.png");
    window.click("Branch from step 8, bright.png");
    let path = PathBuf::from("/pictures/bright.png");
    assert_eq!(window.pictures.borrow().opened, std::slice::from_ref(&path));
    assert_eq!(window.studio().view, View::Picture(path));
}

#[test]
fn the_tree_should_be_reachable_by_keyboard() {
    let mut window = open();
    family(&mut window);
    window.harness.get_by_label("Branch from step 15, dog.png").focus();
    window.harness.run();
    window.press(egui::Key::Space);
    assert_eq!(window.studio().view, View::Picture("/pictures/dog.png".into()));
    window.harness.get_by_label("Compare Run cat.png").focus();
    window.harness.run();
    window.press(egui::Key::Space);
    let box_ = window.harness.get_by_label("Compare Run cat.png");
    assert_eq!(box_.accesskit_node().toggled(), Some(egui::accesskit::Toggled::True));
}

#[test]
fn a_run_in_the_making_should_hang_under_the_run_it_branches_off() {
    let mut window = open();
    family(&mut window);
    let cat = GenerateRequest {
        prompt: "a cat".to_owned(),
        seed: 7,
        ..GenerateRequest::default()
    };
    window.draft_mut().restore(&cat.branched(guided(20, 2.0)));
    let job = window.generate();
    window.tell([step(job, 1, [9; 3])]);
    window.studio_mut().view = View::Picture("/pictures/cat.png".into());
    window.harness.run();
    window.click("Branch from step 21, In the making");
    assert_eq!(window.studio().view, View::Live);
}

#[test]
fn two_chosen_runs_should_be_compared() {
    let mut window = open();
    family(&mut window);
    window.click("Compare Branch from step 8, bright.png");
    assert!(!window.has("Comparison"));
    window
        .harness
        .get_by_label("Branch from step 15, dog.png")
        .click_modifiers(egui::Modifiers::COMMAND);
    window.harness.run();
    assert_eq!(window.studio().view, View::Live, "choosing opens nothing");
    window.harness.get_by_label("Comparison");
    window.harness.get_by_label("The same up to step 8, where they part");
    window.harness.get_by_label("Guidance (CFG), from step 8");
    window.harness.get_by_label("Prompt, from step 15");
    assert!(!window.has("Steps, from step 8"));

    window.click("Compare Run cat.png");
    window.harness.get_by_label("The same up to step 15, where they part");
    window.click("Done");
    assert!(!window.has("Comparison"));
}

#[test]
fn the_settings_of_the_run_should_tell_every_change_on_the_way() {
    let (mut window, _) = half_way(open());
    window.harness.get_by_label("None");
    let timeline = window.studio_mut().timeline.as_mut().unwrap();
    timeline.changes.push(Arc::new(guided(11, 9.0)));
    window.harness.run();
    window.harness.get_by_label("Steps: 25");
    window.harness.get_by_label("Step 12: Guidance (CFG) 5 → 9");

    family(&mut window);
    window.click("Branch from step 15, dog.png");
    window.harness.get_by_label("Step 15: Prompt a cat → a dog");
}

#[test]
fn what_is_kept_should_be_a_setting_that_jobs_obey() {
    let (mut window, _) = half_way(open());
    let options = window.engine.borrow().options[0];
    assert!(options.keep_branches && options.keep_attention);
    // Twelve steps of two latents of 4 KiB, two of 2 KiB, and six maps of 512 bytes: 180 KiB.
    window.harness.get_by_label("This run's file: 0.18 MiB");

    window.click("Keep attention");
    window.click("Keep both sides of guidance");
    let kept = window.kept.borrow().last().cloned().unwrap();
    assert!(!kept.keep_attention && !kept.keep_branches);
    window.generate();
    let options = window.engine.borrow().options[1];
    assert!(!options.keep_branches && !options.keep_attention);
}

#[test]
fn the_room_for_runs_should_be_remembered() {
    let mut window = Window::open_set(Settings {
        trajectory_budget_mib: 300,
        ..in_language("en")
    });
    let field = egui::accesskit::Role::SpinButton;
    window
        .harness
        .get_by_role_and_label(field, "Room for runs")
        .set_value_accesskit(512.0);
    window.harness.run();
    assert_eq!(window.kept.borrow().last().unwrap().trajectory_budget_mib, 512);
    assert_eq!(
        window.pictures.borrow().budgets,
        [300 << 20, 512 << 20],
        "whoever keeps them knows"
    );
}

#[test]
fn tab_should_hide_both_sides_and_leave_the_picture() {
    let mut window = open();
    let form = "Prompt";
    window.press(egui::Key::Tab);
    assert!(!window.has(form));
    assert!(!window.has("Run tree"));
    window.press(egui::Key::Tab);
    window.harness.get_by_label(form);
    window.harness.get_by_label("Run tree");

    // While a control has the keyboard, the key goes to the next one.
    window.press(egui::Key::F6);
    assert!(window.harness.ctx.egui_wants_keyboard_input());
    window.press(egui::Key::Tab);
    window.harness.get_by_label(form);
}

#[test]
fn each_side_should_be_hidden_and_shown_by_itself() {
    let mut window = open();
    let sides = |window: &Window| window.state().sides;
    window.click("Inspector");
    let expected = Sides {
        is_form_shown: true,
        is_inspector_shown: false,
    };
    assert_eq!(sides(&window), expected);
    window.click("Show the inspector");
    assert_eq!(sides(&window), Sides::default());

    window.click("Form");
    window.click("Show the form");
    window.press(egui::Key::I);
    assert_eq!(sides(&window), expected);
}

/// Pictures of the inspector, to be looked at: `HARERU_LOOKS=folder cargo test looks_of_the_inspector -- --ignored`.
#[test]
#[ignore = "writes pictures for a person to look at"]
fn looks_of_the_inspector() {
    let folder = PathBuf::from(std::env::var_os("HARERU_LOOKS").unwrap_or_else(|| std::env::temp_dir().into()));
    for (language, theme, choice) in [
        ("en", "dark", ThemeChoice::Dark),
        ("en", "light", ThemeChoice::Light),
        ("ja", "dark", ThemeChoice::Dark),
        ("ja", "light", ThemeChoice::Light),
    ] {
        let (mut window, job) = half_way(Window::open_drawn_in(language));
        window.harness.state().send(UiCommand::SetTheme(choice));
        family(&mut window);
        let request = Arc::clone(&window.state().run.as_ref().unwrap().request);
        let mut branch = timeline(JobId(job.0 + 1), &Arc::new(request.branched(guided(8, -3.0))), 18, 1.4);
        for (step, known) in branch.steps.iter_mut().zip(timeline(job, &request, 8, 1.0).steps) {
            *step = known;
        }
        branch.changes.push(Arc::new(guided(8, -3.0)));
        window.studio_mut().timeline = Some(branch);
        window.harness.run();
        let [a, b] = if language == "en" {
            [
                "Compare Branch from step 8, bright.png",
                "Compare Branch from step 15, dog.png",
            ]
        } else {
            [
                "比べる：ステップ 8 からの分岐、bright.png",
                "比べる：ステップ 15 からの分岐、dog.png",
            ]
        };
        for (width, height) in [(1280.0, 1700.0), (1280.0, 800.0), (1920.0, 1080.0)] {
            window.harness.set_size(egui::vec2(width, height));
            window.harness.run();
            if height > 1500.0 {
                window.harness.get_by_label(a).click();
                window.harness.get_by_label(b).click();
            }
            window.harness.run();
            let name = format!("inspector-{language}-{theme}-{width}x{height}.png");
            window.harness.render().unwrap().save(folder.join(name)).unwrap();
        }
    }
}

#[test]
fn plots_should_be_there_once_there_is_something_to_plot() {
    let words = "Noise levels, norms and times of each step are plotted here once a run has begun";
    let mut window = Window::open();
    assert!(window.has(words) && !window.has("Noise level, signal"));
    let job = window.generate();
    window.tell([step(job, 1, [9, 9, 9])]);
    assert!(!window.has(words) && window.has("Noise level, signal"));
}

#[test]
fn the_tree_should_say_the_seed_of_the_picture_of_a_batch() {
    let mut window = Window::open();
    let draft = window.draft_mut();
    (draft.request.seed, draft.is_seed_locked, draft.request.batch_count) = (70, true, 3);
    let job = window.generate();
    let Event::Step(mut told) = step(job, 1, [9, 9, 9]) else {
        unreachable!()
    };
    told.image_index = 2;
    window.tell([Event::Step(told)]);
    assert!(window.harness.query_all_by_label_contains("seed 72").next().is_some());
}
