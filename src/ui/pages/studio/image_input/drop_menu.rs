//! What a picture that hangs over the window, or was let go over it, could become: large cards, one of which is chosen.

use std::path::{Path, PathBuf};

use egui::{
    Align, Align2, Area, Color32, FontId, Id, Label, Layout, Order, Pos2, Rect, Response, RichText, Role, Sense, Stroke,
};
use egui::{StrokeKind, Ui, UiBuilder, Vec2, WidgetInfo, pos2, vec2};

use crate::ui::commands::{ImageInputCommand, Target, UiCommand};
use crate::ui::model::state::file_name;
use crate::ui::pages::studio::panel::{Slot, StudioContext, StudioPanel};
use crate::ui::theme;

/// Cards beside each other.
const COLUMNS: usize = 4;
/// Between cards.
const GAP: f32 = 14.0;
/// Largest card.
const CARD: Vec2 = vec2(280.0, 290.0);
/// Height of the words in a card.
const WORDS_HEIGHT: f32 = 104.0;
/// Height of the line above the cards.
const TITLE_HEIGHT: f32 = 44.0;

/// Shows the targets while something hangs over the window, and until one of them is chosen.
#[derive(Default)]
pub(in crate::ui) struct DropMenuPanel {
    /// The pointer, if it was seen to move while something hung over the window; on some desktops it is not.
    pointer: Option<Pos2>,
    /// The picture that is offered, as of the last frame.
    seen: Option<PathBuf>,
}

impl StudioPanel for DropMenuPanel {
    fn id(&self) -> &'static str {
        "drop_target"
    }

    fn slot(&self) -> Slot {
        Slot::Overlay
    }

    fn ui(&mut self, ui: &mut Ui, ctx: &mut StudioContext<'_, '_>) {
        let (is_hovered, hovered, moved) = ui.input(|input| {
            let files = &input.raw.hovered_files;
            let moved = input.events.iter().rev().find_map(|event| match event {
                egui::Event::PointerMoved(pos) => Some(*pos),
                _ => None,
            });
            (
                !files.is_empty(),
                files.first().and_then(|file| file.path.clone()),
                moved,
            )
        });
        if is_hovered {
            self.pointer = moved.or(self.pointer);
        }
        let offered = ctx.page.image_input.drop_menu.clone();
        let is_new = offered.is_some() && offered != self.seen;
        self.seen.clone_from(&offered);
        if !is_hovered && offered.is_none() {
            self.pointer = None;
            return;
        }
        let cards = Cards::new(ui.ctx().content_rect());
        if let (Some(path), Some(pointer), true) = (&offered, self.pointer.take_if(|_| !is_hovered), is_new) {
            let target = cards.at(pointer);
            let is_possible =
                target.is_none_or(|target| ctx.page.target_refusal(ctx.state, ctx.draft, target, path).is_none());
            if is_possible {
                send(ctx, choice(target, path)); // let go over a card, or beside all of them
                return;
            }
        }
        let path = offered.clone().or(hovered).unwrap_or_default();
        let highlighted = if is_hovered { self.pointer } else { None };
        Area::new(Id::unique("drop_target"))
            .order(Order::Foreground)
            .fixed_pos(cards.window.min)
            .show(ui.ctx(), |ui| {
                show(ui, ctx, &cards, (&path, offered.is_some()), highlighted);
            });
    }
}

fn send(ctx: &StudioContext<'_, '_>, command: ImageInputCommand) {
    ctx.commands.send(UiCommand::ImageInput(command));
}

fn choice(target: Option<Target>, path: &Path) -> ImageInputCommand {
    match target {
        Some(target) => ImageInputCommand::Use(target, path.to_owned()),
        None => ImageInputCommand::Compare(path.to_owned()),
    }
}

/// Where the cards lie in the window.
struct Cards {
    window: Rect,
    first: Pos2,
    size: Vec2,
}

impl Cards {
    fn new(window: Rect) -> Self {
        let rows = Target::ALL.len().div_ceil(COLUMNS) as f32;
        let columns = COLUMNS as f32;
        let room = window.shrink(28.0);
        let size = vec2(
            (room.width() - (columns - 1.0) * GAP) / columns,
            (room.height() - TITLE_HEIGHT - (rows - 1.0) * GAP) / rows,
        )
        .min(CARD);
        let whole = vec2(
            columns * size.x + (columns - 1.0) * GAP,
            TITLE_HEIGHT + rows * size.y + (rows - 1.0) * GAP,
        );
        let corner = window.center() - whole / 2.0;
        Self {
            window,
            first: corner + vec2(0.0, TITLE_HEIGHT),
            size,
        }
    }

    fn title(&self) -> Rect {
        let width = COLUMNS as f32 * (self.size.x + GAP) - GAP;
        Rect::from_min_size(self.first - vec2(0.0, TITLE_HEIGHT), vec2(width, TITLE_HEIGHT))
    }

    fn card(&self, place: usize) -> Rect {
        let (column, row) = ((place % COLUMNS) as f32, (place / COLUMNS) as f32);
        Rect::from_min_size(
            self.first + vec2(column, row) * (self.size + Vec2::splat(GAP)),
            self.size,
        )
    }

    fn at(&self, pointer: Pos2) -> Option<Target> {
        Target::ALL
            .into_iter()
            .find(|target| self.card(target.place()).contains(pointer))
    }
}

fn show(
    ui: &mut Ui,
    ctx: &mut StudioContext<'_, '_>,
    cards: &Cards,
    (path, is_offered): (&Path, bool),
    highlighted: Option<Pos2>,
) {
    let ground = ui.allocate_rect(cards.window, Sense::click());
    ui.painter().rect_filled(cards.window, 0.0, *ctx.palette.canvas);
    let mut title = ui.new_child(
        UiBuilder::new()
            .max_rect(cards.title())
            .layout(Layout::left_to_right(Align::Center)),
    );
    let words = if path.as_os_str().is_empty() {
        ctx.tr("bring-title-nothing")
    } else {
        ctx.language.tr_with("bring-title", &[("file", &file_name(path))])
    };
    let words = RichText::new(words).family(theme::strong_family()).size(18.0);
    title.add(Label::new(words.color(*ctx.palette.text)).truncate());
    for target in Target::ALL {
        let rect = cards.card(target.place());
        let is_under = highlighted.is_some_and(|pointer| rect.contains(pointer));
        if card(ui, ctx, rect, (target, path, is_offered), is_under).clicked() && is_offered {
            send(ctx, ImageInputCommand::Use(target, path.to_owned()));
        }
    }
    let rest = cards.card(Target::ALL.len());
    let response = ui.interact(rest, ui.scope_id().with("elsewhere"), Sense::click());
    let name = ctx.tr("bring-elsewhere");
    response.widget_info(|| WidgetInfo::labeled(Role::Button, is_offered, &name));
    let corners = [
        rest.left_top(),
        rest.right_top(),
        rest.right_bottom(),
        rest.left_bottom(),
        rest.left_top(),
    ];
    let is_under = response.hovered() && is_offered;
    let colour = if is_under {
        *ctx.palette.accent
    } else {
        *ctx.palette.active
    };
    ui.painter()
        .extend(egui::Shape::dashed_line(&corners, Stroke::new(1.5, colour), 8.0, 6.0));
    let font = FontId::new(15.0, theme::strong_family());
    let middle = rest.center();
    ui.painter().text(
        middle - vec2(0.0, 12.0),
        Align2::CENTER_CENTER,
        &name,
        font,
        *ctx.palette.text,
    );
    let tip = ctx.tr("bring-elsewhere.tip");
    let font = FontId::proportional(12.5);
    ui.painter().text(
        middle + vec2(0.0, 12.0),
        Align2::CENTER_CENTER,
        tip,
        font,
        *ctx.palette.text_weak,
    );
    if is_offered && response.clicked() {
        send(ctx, ImageInputCommand::Compare(path.to_owned()));
    }
    if is_offered && ground.clicked() {
        send(ctx, ImageInputCommand::CloseDropMenu);
    }
}

/// One target: the picture as it would be used, its name and key, and what it would do or why it cannot.
fn card(
    ui: &mut Ui,
    ctx: &mut StudioContext<'_, '_>,
    rect: Rect,
    (target, path, is_offered): (Target, &Path, bool),
    is_under: bool,
) -> Response {
    let refusal = ctx
        .page
        .target_refusal(ctx.state, ctx.draft, target, path)
        .filter(|_| !path.as_os_str().is_empty());
    let is_possible = refusal.is_none();
    let sense = if is_possible && is_offered {
        Sense::click()
    } else {
        Sense::hover()
    };
    let response = ui.interact(rect, ui.scope_id().with(target.key()), sense);
    let name = ctx.tr(target.key());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, is_possible, &name));
    let is_lit = is_possible && (is_under || (is_offered && (response.hovered() || response.has_focus())));
    let painter = ui.painter_at(rect);
    painter.rect_filled(rect, 8.0, *ctx.palette.panel);
    let (above, below) = rect.split_top_bottom_at_y(rect.bottom() - WORDS_HEIGHT);
    let room = above.shrink(10.0);
    painter.rect_filled(room, 4.0, *ctx.palette.field);
    if let Some(looked) = ctx.page.image_input.looked(path).cloned() {
        let drawn = &looked.drawn[target.place()];
        let size = vec2(drawn.width_px as f32, drawn.height_px as f32);
        let scale = (room.size() / size).min_elem();
        let place = Rect::from_center_size(room.center(), size * scale);
        let uv = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
        let tint = Color32::WHITE.gamma_multiply(if is_possible { 1.0 } else { 0.25 });
        let texture = ctx.textures.smooth(ui.ctx(), drawn);
        painter.image(texture.id(), place, uv, tint);
    }
    let mut words = ui.new_child(
        UiBuilder::new()
            .max_rect(below.shrink2(vec2(14.0, 2.0)))
            .layout(Layout::top_down(Align::Min)),
    );
    words.spacing_mut().item_spacing.y = 3.0;
    let colour = if is_possible {
        *ctx.palette.text
    } else {
        *ctx.palette.text_weak
    };
    // Painted, because the card itself goes by its name.
    let (line, _) = words.allocate_exact_size(vec2(words.available_width(), 22.0), Sense::hover());
    let number = (target.place() + 1).to_string();
    let accent = if is_possible { *ctx.palette.accent } else { colour };
    painter.text(
        line.left_center(),
        Align2::LEFT_CENTER,
        number,
        FontId::proportional(13.0),
        accent,
    );
    let font = FontId::new(15.0, theme::strong_family());
    painter.text(
        line.left_center() + vec2(16.0, 0.0),
        Align2::LEFT_CENTER,
        &name,
        font,
        colour,
    );
    let said = if let Some(reason) = &refusal {
        RichText::new(reason.localise(ctx.language)).color(*ctx.palette.warning)
    } else {
        let hint = target.hint(ctx.draft, &ctx.page.grounds(ctx.state, ctx.draft, path));
        RichText::new(hint.localise(ctx.language)).color(*ctx.palette.text_weak)
    };
    words.add(Label::new(said.size(12.5)).wrap().selectable(false));
    if is_lit {
        painter.rect_stroke(rect, 8.0, Stroke::new(2.0, *ctx.palette.accent), StrokeKind::Inside);
    }
    response
}
