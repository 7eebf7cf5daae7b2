//! Pictures whose edges join: for as long as a run wants it, convolutions see the other edge instead of zeros.

use crate::kernels::Wrap;
use std::cell::Cell;
use std::marker::PhantomData;

thread_local! {
    /// The edges that join in what this thread computes.
    static JOINED: Cell<Wrap> = const { Cell::new(Wrap { x: false, y: false }) };
}

/// Edges join until this is dropped; then it is as before.
#[derive(Debug)]
#[must_use = "edges join only for as long as this lives"]
pub struct JoinedEdges {
    before: Wrap,
    /// It belongs to the thread that made it.
    not_send: PhantomData<*const ()>,
}

/// Joins edges in every convolution that this thread asks a network for, whichever network that is: a picture that is
/// to be tiled goes through all of them. Those inside of others count alone.
pub fn join_edges(wrap: Wrap) -> JoinedEdges {
    JoinedEdges {
        before: JOINED.replace(wrap),
        not_send: PhantomData,
    }
}

/// The edges that join now.
pub fn joined_edges() -> Wrap {
    JOINED.get()
}

impl Drop for JoinedEdges {
    fn drop(&mut self) {
        JOINED.set(self.before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_should_join_only_inside_and_only_on_this_thread() {
        let (x, y) = (Wrap { x: true, y: false }, Wrap { x: false, y: true });
        let outer = join_edges(x);
        {
            let _inner = join_edges(y);
            assert_eq!(joined_edges(), y);
        }
        assert_eq!(joined_edges(), x);
        std::thread::scope(|scope| {
            let elsewhere = std::thread::Builder::new().spawn_scoped(scope, joined_edges).unwrap();
            assert_eq!(elsewhere.join().unwrap(), Wrap::default());
        });
        drop(outer);
        assert_eq!(joined_edges(), Wrap::default());
    }
}
