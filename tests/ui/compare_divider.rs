//! The line that divides two pictures: dragged, turned, and moved by keys.

use egui_kittest::kittest::Queryable as _;
use hareru::ui::commands::CompareCommand;
use hareru::ui::model::divider::Divider;

use super::compare::{page, three};
use super::harness::Window;

/// The middle of the canvas, in points.
fn middle(window: &Window) -> egui::Pos2 {
    let node = window.harness.get_by_label_contains("Comparison of");
    node.rect().center()
}

fn drag(window: &mut Window, from: egui::Pos2, to: egui::Pos2) {
    window.harness.hover_at(from);
    window.harness.run();
    window.harness.drag_at(from);
    window.harness.run();
    for part in [0.3, 0.7, 1.0] {
        window.harness.hover_at(from + part * (to - from));
        window.harness.run();
    }
    window.harness.drop_at(to);
    window.harness.run();
}

#[test]
fn the_line_should_be_dragged_turned_and_snap_and_the_picture_be_moved_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = three(&folder);
    let centre = middle(&window);
    // 128 pixels, enlarged to a whole number.
    let side = 128.0 * (window.harness.get_by_label_contains("Comparison of").rect().height() / 128.0).floor();

    drag(
        &mut window,
        centre + egui::vec2(1.0, -120.0),
        centre + egui::vec2(61.0, -120.0),
    );
    let moved = page(&window).divider;
    assert!((moved.through.x - (0.5 + 60.0 / side)).abs() < 0.01, "{moved:?}");
    assert_eq!((moved.degrees, page(&window).camera.zoom), (0.0, None));

    // The handle hangs below the point of the line.
    let point = centre + egui::vec2(60.0, 0.0);
    let handle = point + egui::vec2(0.0, 72.0);
    drag(&mut window, handle, point + egui::vec2(-75.0, 2.0));
    assert_eq!(page(&window).divider.degrees, 90.0, "it snaps");
    drag(
        &mut window,
        point + egui::vec2(-72.0, 0.0),
        point + egui::vec2(-60.0, 22.0),
    );
    let degrees = page(&window).divider.degrees;
    assert!(
        (65.0..80.0).contains(&degrees),
        "any angle away from an eighth: {degrees}"
    );

    window.press(egui::Key::R);
    assert_eq!(page(&window).divider.degrees, 90.0);
    window.click("Turn");
    assert_eq!(page(&window).divider.degrees, 135.0);

    // Away from the line it is the picture that is dragged, for all of them.
    window.send(CompareCommand::SetDivider(Divider::default()));
    let divider = page(&window).divider;
    let from = centre + egui::vec2(-120.0, 90.0);
    drag(&mut window, from, from + egui::vec2(30.0, 10.0));
    assert_eq!(page(&window).divider, divider);
    assert_eq!(page(&window).camera.offset_px, egui::vec2(30.0, 10.0));
    window.click("Fit");
    assert_eq!(page(&window).camera.zoom, None);
    window.click("1:1");
    assert_eq!(page(&window).camera.zoom, Some(1.0));
}

#[test]
fn the_line_should_be_moved_by_keys_while_it_has_the_keyboard() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = three(&folder);
    window.harness.get_by_label_contains("Divider").focus();
    window.harness.run();
    for (modifiers, key, expected) in [
        (egui::Modifiers::NONE, egui::Key::ArrowRight, 0.51),
        (egui::Modifiers::SHIFT, egui::Key::ArrowRight, 0.61),
        (egui::Modifiers::NONE, egui::Key::ArrowLeft, 0.6),
        (egui::Modifiers::SHIFT, egui::Key::ArrowLeft, 0.5),
        (egui::Modifiers::NONE, egui::Key::Home, 0.0),
        (egui::Modifiers::NONE, egui::Key::End, 1.0),
    ] {
        window.press_with(modifiers, key);
        let found = page(&window).divider.through;
        assert!(
            (found.x - expected).abs() < 1e-4,
            "{key:?}: {found:?}, expected {expected}"
        );
        assert_eq!(found.y, 0.5, "it moves across itself only");
    }
}

#[test]
fn the_wheel_should_zoom_and_with_alt_turn_the_line() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = three(&folder);
    let place = middle(&window) + egui::vec2(50.0, 50.0);
    let mut roll = |modifiers: egui::Modifiers, by: f32| {
        window.harness.hover_at(place);
        window.harness.run();
        window.harness.event(egui::Event::ModifiersChanged(modifiers));
        window.harness.event(egui::Event::MouseWheel {
            source: egui::MouseWheelSource::Wheel,
            unit: egui::MouseWheelUnit::Point,
            delta: egui::vec2(0.0, by),
            phase: egui::TouchPhase::Move,
            modifiers,
        });
        for _ in 0..20 {
            window.harness.run();
        }
        window
            .harness
            .event(egui::Event::ModifiersChanged(egui::Modifiers::NONE));
        window.harness.run();
        let page = page(&window);
        (page.divider.degrees, page.camera.zoom)
    };
    let (degrees, zoom) = roll(egui::Modifiers::ALT, 30.0);
    assert!(degrees > 5.0 && zoom.is_none(), "{degrees}, {zoom:?}");
    let (turned, zoom) = roll(egui::Modifiers::NONE, 60.0);
    assert!(turned == degrees && zoom.is_some(), "{turned}, {zoom:?}");
}
