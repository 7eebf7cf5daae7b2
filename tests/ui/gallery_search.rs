//! The search field of the gallery.

use std::sync::Arc;

use egui::{Key, Modifiers, Role};
use egui_kittest::kittest::Queryable as _;
use hareru::gallery::query::Query;
use hareru::gallery::{EntryId, IndexEvent, IndexRequest, SortOrder, Ticket, UserMetadata};
use hareru::ui::pages::gallery::GalleryState;

use super::gallery::{answer, chosen, found, page, settle, window};

#[test]
fn typing_should_be_searched_for_once_it_pauses_and_the_newest_wins() {
    let mut window = window(40);
    window.press_with(Modifiers::COMMAND, Key::F);
    window.harness.get_by_label("Search").type_text("sea rating>=4");
    window.harness.step();
    window.harness.step();
    let now = window.harness.ctx.input(|input| input.time);
    let page = window.harness.state_mut().gallery_mut();
    assert_eq!(page.search.text, "sea rating>=4");
    let asked = answer(page, &found(7), now + 1.0);
    let search = IndexRequest::Search {
        text: "sea rating>=4".to_owned(),
        order: SortOrder::Newest,
    };
    assert!(asked.contains(&search), "{asked:?}");
    window.harness.run();
    window.harness.get_by_label("7 pictures");
}

#[test]
fn an_answer_to_an_older_search_should_be_ignored() {
    let mut page = GalleryState::default();
    let mut tickets = 0;
    let mut ask = |_| {
        tickets += 1;
        Ticket(tickets)
    };
    page.ask_what_is_due(0.0, &mut ask);
    page.apply(IndexEvent::ContentChanged);
    page.apply(IndexEvent::Found {
        ticket: Ticket(99),
        found: Arc::new(found(5)),
    });
    assert!(page.found().is_none());
    page.apply(IndexEvent::Found {
        ticket: Ticket(1),
        found: Arc::new(found(5)),
    });
    assert_eq!(page.ids().len(), 5);
}

#[test]
fn a_search_that_is_not_understood_should_be_told_below_the_field_and_in_the_line_below() {
    let mut window = window(40);
    window.press_with(Modifiers::COMMAND, Key::F);
    window.harness.get_by_label("Search").type_text("rating>x");
    window.harness.run();
    let page = window.harness.state_mut().gallery_mut();
    let mut ticket = None;
    page.ask_what_is_due(1e6, |question| {
        let is_search = matches!(question, IndexRequest::Search { .. });
        let new = Ticket(if is_search { 7 } else { 8 });
        if is_search {
            ticket = Some(new);
        }
        new
    });
    page.apply(IndexEvent::BadQuery {
        ticket: ticket.unwrap(),
        error: Query::parse("rating>x", 0).unwrap_err(),
    });
    window.harness.run();
    let told = window
        .harness
        .query_all_by_label_contains("After rating comes a number")
        .count();
    assert!(told >= 2, "it was told {told} times");
    assert_eq!(
        window.harness.state().gallery().ids().len(),
        40,
        "what was found before stays"
    );
}

#[test]
fn completions_should_be_taken_by_key_and_by_mouse() {
    let mut window = window(40);
    window.press_with(Modifiers::COMMAND, Key::F);
    window.harness.get_by_label("Search").type_text("mod");
    window.harness.run();
    settle(&mut window, &found(40));
    window.harness.get_by_role_and_label(Role::MenuItem, "model:Starter");
    window.press_with(Modifiers::NONE, Key::ArrowDown);
    window.press_with(Modifiers::NONE, Key::Enter);
    assert_eq!(page(&window).search.text, "model:Starter ");

    window.click("Clear the search");
    assert_eq!(page(&window).search.text, "");
    window.press_with(Modifiers::COMMAND, Key::F);
    window.harness.get_by_label("Search").type_text("mo");
    window.harness.run();
    settle(&mut window, &found(40));
    window.click_role(Role::MenuItem, "model:Starter");
    assert_eq!(page(&window).search.text, "model:Starter ");
}

#[test]
fn searches_of_before_should_be_offered_in_the_empty_field() {
    let mut window = window(40);
    window.press_with(Modifiers::COMMAND, Key::F);
    window.harness.get_by_label("Search").type_text("lighthouse");
    window.harness.run();
    window.press_with(Modifiers::NONE, Key::Enter);
    assert_eq!(page(&window).search.history, ["lighthouse"]);
    window.click("Clear the search");
    window.press_with(Modifiers::COMMAND, Key::F);
    window.click_role(Role::MenuItem, "lighthouse");
    assert_eq!(page(&window).search.text, "lighthouse");
}

#[test]
fn keys_typed_into_the_field_should_not_be_verbs() {
    let mut window = window(40);
    window.click_role(Role::Button, "00039.png");
    window.press_with(Modifiers::COMMAND, Key::F);
    window.press_with(Modifiers::NONE, Key::Num5);
    window.press_with(Modifiers::NONE, Key::F);
    window.press_with(Modifiers::COMMAND, Key::A);
    assert_eq!(chosen(&window), [39]);
    assert_eq!(
        page(&window).entry(EntryId(39)).unwrap().user_metadata,
        UserMetadata::default()
    );
}

#[test]
fn the_rail_should_put_its_search_into_the_field() {
    let mut window = window(40);
    for (label, search) in [
        ("Favourites", "is:favourite"),
        ("best of", "collection:\"best of\""),
        ("sea", "tag:sea"),
        ("All pictures", ""),
    ] {
        window.click(label);
        assert_eq!(page(&window).search.text, search);
        settle(&mut window, &found(40));
    }
}
