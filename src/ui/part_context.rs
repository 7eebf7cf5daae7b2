//! What the parts of one page can reach while they are laid out.

use std::ops::{Deref, DerefMut};

use super::panel::PanelContext;

/// The state of a page of type `S`, and everything that any panel can reach.
pub(super) struct PartContext<'a, 'b, S> {
    /// What the page knows.
    pub(super) page: &'a S,
    shared: &'a mut PanelContext<'b>,
}

impl<'a, 'b, S> PartContext<'a, 'b, S> {
    /// The context of the parts of `page`.
    pub(super) fn new(page: &'a S, shared: &'a mut PanelContext<'b>) -> Self {
        Self { page, shared }
    }
}

impl<'b, S> Deref for PartContext<'_, 'b, S> {
    type Target = PanelContext<'b>;

    fn deref(&self) -> &Self::Target {
        self.shared
    }
}

impl<S> DerefMut for PartContext<'_, '_, S> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        self.shared
    }
}
