//! Colours, type and spacing. Colours are tokens in `assets/theme.json`, never literals in a panel.

use crate::config::ThemeChoice;
use std::sync::{Arc, LazyLock};

use egui::{Color32, CornerRadius, FontData, FontDefinitions, FontFamily, FontId, Stroke, TextStyle, Vec2};

use crate::unfold::{INTER, MPLUS1};

/// Height of a row of the form.
pub const ROW_HEIGHT: f32 = 26.0;
/// Moves the Japanese face up to the Latin one's middle, in parts of its size.
const JAPANESE_RISE: f32 = -0.05;
/// The grid everything sits on.
pub const GRID: f32 = 4.0;

/// The colours of one theme.
#[derive(Debug, Clone, Copy, serde::Deserialize)]
pub struct Palette {
    /// Behind the picture.
    pub canvas: Token,
    /// Panels.
    pub panel: Token,
    /// Where one types.
    pub field: Token,
    /// Buttons at rest.
    pub raised: Token,
    /// Buttons under the pointer.
    pub hover: Token,
    /// Buttons held down.
    pub active: Token,
    /// Lines between groups.
    pub separator: Token,
    /// Text.
    pub text: Token,
    /// Labels and what matters less.
    pub text_weak: Token,
    /// Playhead, primary button, selection, focus; nothing else.
    pub accent: Token,
    /// The primary button under the pointer.
    pub accent_hover: Token,
    /// Text on the accent.
    pub on_accent: Token,
    /// Behind selected text and the chosen item.
    pub selection: Token,
    /// Text that says what went wrong.
    pub error: Token,
    /// Text that asks for attention.
    pub warning: Token,
}

/// One colour of a palette, `#rrggbb` in the file.
#[derive(Debug, Clone, Copy, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct Token(pub Color32);

impl TryFrom<String> for Token {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Color32::from_hex(&text)
            .map(Self)
            .map_err(|_error| format!("expected a colour as #rrggbb, found {text:?}"))
    }
}

impl std::ops::Deref for Token {
    type Target = Color32;

    fn deref(&self) -> &Color32 {
        &self.0
    }
}

impl From<Token> for Color32 {
    fn from(token: Token) -> Self {
        token.0
    }
}

#[derive(serde::Deserialize)]
struct Palettes {
    dark: Palette,
    light: Palette,
}

static PALETTES: LazyLock<Palettes> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../assets/theme.json")).expect("assets/theme.json is checked by a test")
});

/// The colours of the dark or the light theme.
pub fn palette(theme: egui::Theme) -> &'static Palette {
    match theme {
        egui::Theme::Dark => &PALETTES.dark,
        egui::Theme::Light => &PALETTES.light,
    }
}

/// The family of headings and the primary button.
pub fn strong_family() -> FontFamily {
    FontFamily::Name("strong".into())
}

/// The family of icons, see `widgets::icon`.
///
/// * `is_filled`: of those that are not outlines.
pub(in crate::ui) fn icon_family(is_filled: bool) -> FontFamily {
    let name = if is_filled { "icons_filled" } else { "icons" };
    FontFamily::Name(name.into())
}

/// Sets fonts and both themes. `still` keeps everything from moving by itself, for software rendering.
pub fn install(ctx: &egui::Context, still: bool) {
    ctx.set_fonts(fonts());
    for theme in [egui::Theme::Dark, egui::Theme::Light] {
        ctx.style_mut_of(theme, |style| set_style(style, theme));
    }
    set_still(ctx, still);
}

/// Keeps everything from moving by itself, or lets it.
pub fn set_still(ctx: &egui::Context, still: bool) {
    for theme in [egui::Theme::Dark, egui::Theme::Light] {
        ctx.style_mut_of(theme, |style| {
            let usual = egui::Style::default();
            (style.animation_time, style.scroll_animation) = if still {
                (0.0, egui::style::ScrollAnimation::none())
            } else {
                (usual.animation_time, usual.scroll_animation)
            };
            style.visuals.text_cursor.blink = !still;
        });
    }
}

/// Latin first, then Japanese, then what egui brings for symbols.
fn fonts() -> FontDefinitions {
    let mut fonts = FontDefinitions::default();
    let faces: [(&str, &'static [u8]); 5] = [
        ("inter", INTER),
        ("inter_strong", include_bytes!("../../assets/fonts/Inter-SemiBold.otf")),
        ("mplus1", MPLUS1),
        ("icons", include_bytes!("../../assets/fonts/Phosphor-Regular.ttf")),
        ("icons_filled", include_bytes!("../../assets/fonts/Phosphor-Fill.ttf")),
    ];
    for (name, bytes) in faces {
        let mut font = FontData::from_static(bytes);
        if name == "mplus1" {
            font.tweak.y_offset_factor = JAPANESE_RISE;
        }
        fonts.font_data.insert(name.to_owned(), Arc::new(font));
    }
    let fallback = fonts
        .families
        .get(&FontFamily::Proportional)
        .cloned()
        .unwrap_or_default();
    for (family, latin) in [(FontFamily::Proportional, "inter"), (strong_family(), "inter_strong")] {
        let mut names = vec![latin.to_owned(), "mplus1".to_owned()];
        names.extend(fallback.iter().cloned());
        fonts.families.insert(family, names);
    }
    for name in ["icons", "icons_filled"] {
        fonts
            .families
            .insert(FontFamily::Name(name.into()), vec![name.to_owned()]);
    }
    if let Some(names) = fonts.families.get_mut(&FontFamily::Monospace) {
        names.push("mplus1".to_owned());
    }
    fonts
}

fn set_style(style: &mut egui::Style, theme: egui::Theme) {
    let palette = palette(theme);
    style.text_styles = [
        (TextStyle::Small, FontId::new(11.5, FontFamily::Proportional)),
        (TextStyle::Body, FontId::new(13.0, FontFamily::Proportional)),
        (TextStyle::Button, FontId::new(13.0, FontFamily::Proportional)),
        (TextStyle::Heading, FontId::new(14.0, strong_family())),
        (TextStyle::Monospace, FontId::new(12.5, FontFamily::Monospace)),
    ]
    .into();
    style.drag_value_text_style = TextStyle::Button;

    let spacing = &mut style.spacing;
    spacing.item_spacing = Vec2::new(2.0 * GRID, GRID);
    spacing.button_padding = Vec2::new(2.0 * GRID, GRID);
    spacing.interact_size = Vec2::new(40.0, ROW_HEIGHT);
    spacing.slider_rail_height = GRID;
    spacing.icon_width = 16.0;
    spacing.combo_height = 320.0;
    spacing.tooltip_width = 340.0;
    spacing.menu_margin = egui::Margin::same(6);
    spacing.scroll.foreground_color = false;
    spacing.scroll.bar_width = 6.0;

    style.explanation_tooltips = false;
    style.visuals = visuals(theme, palette);
}

fn visuals(theme: egui::Theme, palette: &Palette) -> egui::Visuals {
    let mut visuals = match theme {
        egui::Theme::Dark => egui::Visuals::dark(),
        egui::Theme::Light => egui::Visuals::light(),
    };
    let radius = CornerRadius::same(4);
    visuals.panel_fill = *palette.panel;
    visuals.window_fill = *palette.panel;
    visuals.window_stroke = Stroke::new(1.0, *palette.separator);
    visuals.window_corner_radius = radius;
    visuals.menu_corner_radius = radius;
    visuals.extreme_bg_color = *palette.field;
    visuals.text_edit_bg_color = Some(*palette.field);
    visuals.code_bg_color = *palette.field;
    visuals.faint_bg_color = *palette.field;
    visuals.weak_text_color = Some(*palette.text_weak);
    visuals.error_fg_color = *palette.error;
    visuals.warn_fg_color = *palette.warning;
    visuals.hyperlink_color = *palette.accent;
    visuals.selection.bg_fill = *palette.selection;
    visuals.selection.stroke = Stroke::new(1.0, *palette.accent);
    visuals.slider_trailing_fill = true;
    visuals.text_cursor.stroke = Stroke::new(1.5, *palette.accent);
    visuals.image_loading_spinners = false;
    visuals.disabled_alpha = 0.5;

    let states = [
        (&mut visuals.widgets.noninteractive, palette.panel, palette.text),
        (&mut visuals.widgets.inactive, palette.raised, palette.text),
        (&mut visuals.widgets.hovered, palette.hover, palette.text),
        (&mut visuals.widgets.active, palette.active, palette.text),
        (&mut visuals.widgets.open, palette.hover, palette.text),
    ];
    for (state, fill, text) in states {
        state.bg_fill = *fill;
        state.weak_bg_fill = *fill;
        state.bg_stroke = Stroke::NONE;
        state.fg_stroke = Stroke::new(1.0, *text);
        state.corner_radius = radius;
        state.expansion = 0.0;
    }
    visuals.widgets.noninteractive.bg_stroke = Stroke::new(1.0, *palette.separator);
    visuals.widgets.active.bg_stroke = Stroke::new(1.0, *palette.accent);
    visuals
}

/// The same choice in egui's words.
pub(super) fn preference(choice: ThemeChoice) -> egui::ThemePreference {
    match choice {
        ThemeChoice::Dark => egui::ThemePreference::Dark,
        ThemeChoice::Light => egui::ThemePreference::Light,
        ThemeChoice::System => egui::ThemePreference::System,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Contrast of WCAG 2.1, 1 to 21.
    fn contrast(a: Color32, b: Color32) -> f32 {
        let luminance = |colour: Color32| {
            let [r, g, b, _] = egui::Rgba::from(colour).to_array();
            0.2126 * r + 0.7152 * g + 0.0722 * b
        };
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn text_should_be_readable_on_what_it_stands_on_in_both_themes() {
        for theme in [egui::Theme::Dark, egui::Theme::Light] {
            let p = palette(theme);
            for (name, text, ground) in [
                ("text on raised", p.text, p.raised),
                ("text on field", p.text, p.field),
                ("weak text on panel", p.text_weak, p.panel),
                ("weak text on field", p.text_weak, p.field),
                ("weak text on canvas", p.text_weak, p.canvas),
                ("error on panel", p.error, p.panel),
                ("warning on panel", p.warning, p.panel),
                ("text on accent", p.on_accent, p.accent),
                ("text on selection", p.text, p.selection),
                ("accent on selection", p.accent, p.selection),
            ] {
                let found = contrast(*text, *ground);
                assert!(
                    found >= 4.5,
                    "{theme:?}, {name}: contrast {found:.2}, expected at least 4.5"
                );
            }
        }
    }
}
