//! Runs and what branched off them; two that are chosen are compared.

mod compare;
mod tree;

use std::path::PathBuf;
use std::sync::Arc;

use egui::{Align2, Rect, Role, Sense, Stroke, StrokeKind, TextStyle, Ui, UiBuilder, WidgetInfo, pos2, vec2};

use self::compare::Comparison;
use self::tree::{Node, Row, rows};
use super::shown;
use crate::job::{Difference, GenerateRequest, Origin, RgbImage};
use crate::ui::commands::UiCommand;
use crate::ui::i18n::{Language, Value};
use crate::ui::model::state::{AppState, RecentPicture, View, file_name};
use crate::ui::pages::studio::panel::{Slot, StudioContext, StudioPanel};
use crate::ui::pages::studio::state::StudioState;
use crate::ui::theme::ROW_HEIGHT;
use crate::ui::widgets::fields;

/// Height of a line, in points.
const ROW: f32 = 50.0;
/// Side of its picture.
const SIDE: f32 = 44.0;
/// How far a branch stands in.
const INDENT: f32 = 16.0;
/// Beyond so many branches of branches the lines stand in no further.
const MAX_DEPTH: usize = 6;
/// Room for the box at the right.
const BOX_ROOM: f32 = 26.0;

/// Names a run of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Name {
    /// The one in the making, or just made.
    Live,
    /// A saved picture.
    Picture(PathBuf),
}

/// A run of the tree with what is shown of it.
struct Entry {
    name: Name,
    run_id: String,
    request: GenerateRequest,
    origin: Option<Origin>,
    /// In what it differs from the run it left; `None` if that is not there.
    differences: Option<Vec<Difference>>,
    thumbnail: Option<Arc<RgbImage>>,
    words: Words,
}

/// What is said of a run.
#[derive(Default)]
struct Words {
    /// For those who do not see the tree.
    name: String,
    /// What the box that chooses it is called.
    choose: String,
    title: String,
    below: String,
}

/// Shows the tree of runs.
#[derive(Default)]
pub(in crate::ui) struct RunTreePanel {
    entries: Vec<Entry>,
    rows: Vec<Row>,
    /// What the entries were made of.
    told: Option<Told>,
    /// Those to compare, at most two, in the order they were chosen.
    chosen: Vec<Name>,
    comparison: Option<Comparison>,
}

/// Tells one state of things from another.
#[derive(PartialEq, Eq)]
struct Told {
    language: Language,
    num_pictures: usize,
    newest: Option<PathBuf>,
    view: View,
    /// The request of the newest run, how often it was changed, and the place in its batch.
    live: Option<(usize, usize, u32)>,
    /// The record of the run on the canvas.
    record: Option<usize>,
}

impl StudioPanel for RunTreePanel {
    fn id(&self) -> &'static str {
        "run_tree"
    }

    fn slot(&self) -> Slot {
        Slot::Inspector
    }

    fn ui(&mut self, ui: &mut Ui, ctx: &mut StudioContext<'_, '_>) {
        let subject = |request: &GenerateRequest| ctx.subject(request).unwrap_or_default();
        self.update(ctx.page, ctx.state, ctx.language, &subject);
        ctx.look().section(ui, "inspector-tree", |ui| {
            if self.rows.is_empty() {
                ui.weak(ctx.tr("tree-none"));
            }
            let mut tops: Vec<(usize, f32)> = Vec::new();
            for place in 0..self.rows.len() {
                self.line(ui, ctx, place, &mut tops);
            }
            if let [a, b] = &self.chosen[..]
                && self.comparison.is_none()
            {
                self.comparison = self.entry(a).zip(self.entry(b)).map(|(a, b)| Comparison::of(a, b));
            }
            match &self.comparison {
                Some(comparison) if comparison.show(ui, ctx) => {
                    self.chosen.clear();
                    self.comparison = None;
                }
                None if self.rows.len() > 1 => {
                    ui.weak(ctx.tr("tree-hint"));
                }
                _ => {}
            }
        });
    }
}

impl RunTreePanel {
    fn entry(&self, name: &Name) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name == *name)
    }

    /// Makes the tree anew if anything it shows has changed.
    fn update(
        &mut self,
        page: &StudioState,
        app: &AppState,
        language: Language,
        subject: &dyn Fn(&GenerateRequest) -> String,
    ) {
        let live = app.run.as_ref().map(|run| {
            let timeline = page.timeline.as_ref();
            let changes = timeline.map_or(0, |timeline| timeline.changes.len());
            (Arc::as_ptr(&run.request) as usize, changes, run.image_index)
        });
        let record = page.timeline.as_ref().and_then(|timeline| timeline.record.as_ref());
        let told = Told {
            language,
            num_pictures: app.recent.len(),
            newest: app.recent.first().map(|picture| picture.path.clone()),
            view: match &page.view {
                View::Step(_) => View::Live,
                other => other.clone(),
            },
            live,
            record: record.map(|record| Arc::as_ptr(record) as usize),
        };
        if self.told.as_ref() != Some(&told) {
            self.told = Some(told);
            let mut nodes = Vec::new();
            self.entries.clear();
            for (node, entry) in pictures(page, app).chain(live_run(page, app)) {
                nodes.push(node);
                self.entries.push(entry);
            }
            self.rows = rows(&nodes);
            for row in &self.rows {
                let parent = row.parent.and_then(|parent| self.entries.get(parent));
                let differences = parent.map(|parent| parent.request.differences(&self.entries[row.node].request));
                self.entries[row.node].differences = differences;
            }
            for entry in &mut self.entries {
                entry.words = words(language, entry, subject(&entry.request));
            }
            self.comparison = None;
            let entries = &self.entries;
            self.chosen
                .retain(|name| entries.iter().any(|entry| entry.name == *name));
        }
        // Its picture is another one at each step.
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.name == Name::Live) {
            entry.thumbnail = page.newest_picture(app).cloned();
        }
    }

    fn choose(&mut self, name: &Name) {
        self.comparison = None;
        let num_chosen = self.chosen.len();
        self.chosen.retain(|other| other != name);
        if self.chosen.len() == num_chosen {
            self.chosen.truncate(2);
            self.chosen.drain(..num_chosen.saturating_sub(1));
            self.chosen.push(name.clone());
        }
    }

    /// One run: its picture, where it comes from and what is different, and the box that chooses it.
    ///
    /// * `tops`: the nodes above with the feet of their pictures, where lines to their branches begin.
    fn line(&mut self, ui: &mut Ui, ctx: &mut StudioContext<'_, '_>, place: usize, tops: &mut Vec<(usize, f32)>) {
        let row = &self.rows[place];
        let Some(entry) = self.entries.get(row.node) else {
            return;
        };
        let words = &entry.words;
        let (line, _) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::hover());
        let left = line.left() + INDENT * row.depth.min(MAX_DEPTH) as f32;
        let picture = Rect::from_min_size(pos2(left, line.top() + 3.0), vec2(SIDE, SIDE));
        let button = Rect::from_min_max(pos2(left, line.top()), pos2(line.right() - BOX_ROOM, line.bottom()));
        if let Some((_, top)) = tops.iter().find(|(node, _)| Some(*node) == row.parent) {
            let x = left - INDENT / 2.0;
            let stroke = Stroke::new(1.0, *ctx.palette.text_weak);
            ui.painter().vline(x, *top..=picture.center().y, stroke);
            ui.painter().hline(x..=left, picture.center().y, stroke);
        }
        tops.push((row.node, picture.bottom()));

        let name = entry.name.clone();
        let is_shown = is_shown(ctx.page, entry);
        let response = ui.interact(button, ui.make_persistent_id(("run", row.node)), Sense::click());
        response.widget_info(|| WidgetInfo::selected(Role::Button, true, is_shown, &words.name));
        if ui.is_rect_visible(line) {
            if let Some(image) = &entry.thumbnail {
                let texture = ctx.textures.thumbnail(ui.ctx(), image);
                egui::Image::new((texture.id(), picture.size()))
                    .corner_radius(3)
                    .paint_at(ui, picture);
            } else {
                ui.painter().rect_filled(picture, 3.0, *ctx.palette.field);
            }
            if is_shown || response.hovered() || response.has_focus() {
                let colour = if is_shown || response.has_focus() {
                    *ctx.palette.accent
                } else {
                    *ctx.palette.text_weak
                };
                let stroke = Stroke::new(2.0, colour);
                ui.painter().rect_stroke(picture, 3.0, stroke, StrokeKind::Inside);
            }
            let text = Rect::from_min_max(pos2(picture.right() + 8.0, line.top()), button.max);
            two_lines(ui, ctx, text, words);
        }
        let is_picked = response.clicked() && ui.input(|input| input.modifiers.command);
        let is_opened = response.clicked() && !is_picked;
        response.on_hover_ui(|ui| {
            ui.label(format!("{}\n{}", words.title, words.below));
        });
        let mut is_chosen = self.chosen.contains(&name);
        let corner = pos2(line.right() - BOX_ROOM + 8.0, picture.center().y - ROW_HEIGHT / 2.0);
        let side = Rect::from_min_size(corner, vec2(BOX_ROOM, ROW_HEIGHT));
        let mut ui = ui.new_child(UiBuilder::new().max_rect(side));
        let choice = ui.add(egui::Checkbox::without_text(&mut is_chosen));
        let choice = choice.accessible_name(&words.choose);
        let choice = choice.on_hover_ui(|ui| {
            ui.label(ctx.tr("tree-choose.tip"));
        });
        if is_picked || choice.changed() {
            self.choose(&name);
        }
        if is_opened {
            ctx.commands.send(match name {
                Name::Live => UiCommand::ShowLive,
                Name::Picture(path) => UiCommand::ShowPicture(path),
            });
        }
    }
}

fn is_shown(state: &StudioState, entry: &Entry) -> bool {
    match (&entry.name, &state.view) {
        (Name::Picture(path), View::Picture(shown)) => path == shown,
        (Name::Live, View::Picture(_)) => false,
        (Name::Live, _) => true,
        // It is seen step by step.
        (Name::Picture(_), _) => !entry.run_id.is_empty() && shown_id(state) == Some(&entry.run_id),
    }
}

/// The saved pictures that say how they were made.
fn pictures(page: &StudioState, app: &AppState) -> impl Iterator<Item = (Node, Entry)> {
    let shown_id = shown_id(page);
    app.recent.iter().filter_map(move |picture| {
        let record = picture.record.as_ref()?;
        let is_shown = page.view == View::Picture(picture.path.clone());
        let node = Node {
            run_id: record.run_id.clone(),
            origin: record.origin.clone(),
            is_wanted: is_shown || (!record.run_id.is_empty() && shown_id == Some(&record.run_id)),
        };
        let entry = Entry {
            name: Name::Picture(picture.path.clone()),
            run_id: record.run_id.clone(),
            request: record.request.clone(),
            origin: record.origin.clone(),
            differences: None,
            thumbnail: Some(Arc::clone(&picture.thumbnail)),
            words: Words::default(),
        };
        Some((node, entry))
    })
}

/// The run that is seen step by step, once it has a name.
fn shown_id(state: &StudioState) -> Option<&String> {
    let record = state.timeline.as_ref()?.record.as_ref()?;
    Some(&record.run_id)
}

/// The run in the making, until it is among the saved pictures.
fn live_run(page: &StudioState, app: &AppState) -> Option<(Node, Entry)> {
    let run = app.run.as_ref()?;
    let live = page.timeline.as_ref().filter(|timeline| {
        let record = timeline.record.as_ref();
        Arc::ptr_eq(&timeline.request, &run.request) || record.is_some_and(|record| record.request == *run.request)
    });
    let record = live.and_then(|timeline| timeline.record.as_ref());
    let run_id = record.map(|record| record.run_id.clone()).unwrap_or_default();
    let is_saved = |picture: &RecentPicture| {
        let record = picture.record.as_ref();
        record.is_some_and(|record| !run_id.is_empty() && record.run_id == run_id)
    };
    // A record without a name is of before there were any: then the run is over when its job is.
    if app.recent.iter().any(is_saved) || (run_id.is_empty() && run.status.has_ended()) {
        return None;
    }
    let mut request = live.map_or_else(|| (*run.request).clone(), shown::asked);
    let origin = if let Some(record) = record {
        record.origin.clone()
    } else {
        let origin = likely_origin(&app.recent, &request);
        request.seed = run.request.seed + u64::from(run.image_index);
        origin
    };
    let node = Node {
        run_id: run_id.clone(),
        origin: origin.clone(),
        is_wanted: true,
    };
    let entry = Entry {
        name: Name::Live,
        run_id,
        request,
        origin,
        differences: None,
        thumbnail: None,
        words: Words::default(),
    };
    Some((node, entry))
}

/// A run in the making does not say where it comes from: one that changes on its way comes from the saved run with
/// which it shares the most steps.
fn likely_origin(recent: &[RecentPicture], request: &GenerateRequest) -> Option<Origin> {
    if request.changes.is_empty() {
        return None;
    }
    let records = recent.iter().filter_map(|picture| picture.record.as_ref());
    let named = records.filter(|record| !record.run_id.is_empty());
    let shared = named.map(|record| (record.request.shared_steps(request), record));
    let (step, record) = shared.filter(|(step, _)| *step > 0).max_by_key(|(step, _)| *step)?;
    Some(Origin {
        run_id: record.run_id.clone(),
        step,
    })
}

fn words(language: Language, entry: &Entry, subject: String) -> Words {
    let file = match &entry.name {
        Name::Live => language.tr("tree-live"),
        Name::Picture(path) => file_name(path),
    };
    let Some(origin) = &entry.origin else {
        let (seed, steps) = (entry.request.seed.to_string(), entry.request.steps);
        let name = language.tr_with("tree-run", &[("file", &file)]);
        return Words {
            choose: language.tr_with("tree-choose", &[("run", &name)]),
            name,
            title: subject,
            below: language.tr_with("tree-about", &[("seed", Value::from(seed)), ("steps", steps.into())]),
        };
    };
    let step = (origin.step + 1).to_string();
    let below = match &entry.differences {
        Some(differences) => {
            let told = differences.iter().map(|one| fields::change(language, one));
            let told = told.collect::<Vec<_>>().join(" · ");
            if told.is_empty() {
                language.tr("tree-same")
            } else {
                told
            }
        }
        None => language.tr("tree-parent-gone"),
    };
    let name = language.tr_with("tree-branch", &[("file", &file), ("step", &step)]);
    Words {
        choose: language.tr_with("tree-choose", &[("run", &name)]),
        name,
        title: language.tr_with("tree-from", &[("step", &step)]),
        below,
    }
}

fn two_lines(ui: &Ui, ctx: &StudioContext<'_, '_>, rect: Rect, words: &Words) {
    let painter = ui.painter_at(rect);
    let lines = [
        (&words.title, TextStyle::Body, *ctx.palette.text, rect.center().y - 9.0),
        (
            &words.below,
            TextStyle::Small,
            *ctx.palette.text_weak,
            rect.center().y + 9.0,
        ),
    ];
    for (text, style, colour, y) in lines {
        let mut job =
            egui::text::LayoutJob::simple_singleline(text.replace('\n', " "), style.resolve(ui.style()), colour);
        job.wrap = egui::text::TextWrapping::truncate_at_width(rect.width());
        let galley = painter.layout_job(job);
        let rect = Align2::LEFT_CENTER.anchor_size(pos2(rect.left(), y), galley.size());
        painter.galley(rect.min, galley, colour);
    }
}
