//! What happened and should be told: shown at the lower right, and readable again later.

pub use super::text::Text;

/// How many notices are kept to be read again.
const MAX_KEPT: usize = 200;

/// How much a notice matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Good to know; goes away by itself.
    Info,
    /// Something could not be done; stays until it is closed.
    Error,
}

/// What can be done about something that happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeAction {
    /// Pictures come back from the system's trash.
    UndoTrash,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Counts up; tells notices apart.
    pub id: u64,
    /// How much it matters.
    pub level: Level,
    /// What happened.
    pub text: Text,
    /// Whether it is shown at the lower right.
    pub is_open: bool,
    /// What can be done about it.
    pub action: Option<NoticeAction>,
}

/// All notices of this run of the program, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Notices {
    all: Vec<Notice>,
    last_id: u64,
}

impl Notices {
    /// Tells something. The same text said again while it still stands is not repeated.
    pub fn notify(&mut self, level: Level, text: Text) {
        self.push(level, text, None);
    }

    /// Tells something that something can be done about.
    pub fn notify_with_action(&mut self, level: Level, text: Text, action: NoticeAction) {
        // The action is about the newest thing; an older offer would do something else than it says.
        self.close_newest_with(action);
        self.push(level, text, Some(action));
    }

    fn push(&mut self, level: Level, text: Text, action: Option<NoticeAction>) {
        self.all.retain(|notice| !(notice.is_open && notice.text == text));
        self.last_id += 1;
        self.all.push(Notice {
            id: self.last_id,
            level,
            text,
            is_open: true,
            action,
        });
        if self.all.len() > MAX_KEPT {
            self.all.remove(0);
        }
    }

    /// Takes one away from the lower right.
    pub fn close(&mut self, id: u64) {
        if let Some(notice) = self.all.iter_mut().find(|notice| notice.id == id) {
            notice.is_open = false;
        }
    }

    /// Takes away what offers something that was done by now: of notices with one action only the newest holds.
    pub fn close_newest_with(&mut self, action: NoticeAction) {
        let mut open = self.all.iter_mut().rev().filter(|notice| notice.is_open);
        if let Some(notice) = open.find(|notice| notice.action == Some(action)) {
            notice.is_open = false;
        }
    }

    /// Every notice, oldest first.
    pub fn all(&self) -> &[Notice] {
        &self.all
    }

    /// Those at the lower right, oldest first.
    pub fn open(&self) -> impl DoubleEndedIterator<Item = &Notice> {
        self.all.iter().filter(|notice| notice.is_open)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_newest_offer_to_undo_should_stand_and_none_once_it_was_taken() {
        let mut notices = Notices::default();
        let open = |notices: &Notices| notices.open().map(|notice| notice.text.clone()).collect::<Vec<_>>();
        notices.notify_with_action(Level::Info, Text::key("one"), NoticeAction::UndoTrash);
        notices.notify(Level::Info, Text::key("other"));
        notices.notify_with_action(Level::Info, Text::key("two"), NoticeAction::UndoTrash);
        assert_eq!(open(&notices), [Text::key("other"), Text::key("two")]);
        notices.close_newest_with(NoticeAction::UndoTrash);
        assert_eq!(open(&notices), [Text::key("other")]);
        assert_eq!(notices.all().len(), 3, "all can still be read");
    }
}
