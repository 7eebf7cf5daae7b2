//! Which run branched off which.

use std::collections::HashMap;

use crate::job::Origin;

/// A run, as far as its place in the tree goes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Node {
    /// Its name among all runs; empty if it has none.
    pub(super) run_id: String,
    /// The run it left.
    pub(super) origin: Option<Origin>,
    /// Whether its family is shown even if it is alone.
    pub(super) is_wanted: bool,
}

/// A line of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    /// Place among the nodes.
    pub(super) node: usize,
    /// The node it branched off, if that is there.
    pub(super) parent: Option<usize>,
    /// How many runs it branched off in turn.
    pub(super) depth: usize,
}

/// The trees, line by line: parents before their branches, branches by the step they left at. Families of one are left
/// out unless they are wanted; families with someone wanted come first, else the order of the nodes is kept.
pub(super) fn rows(nodes: &[Node]) -> Vec<Row> {
    let named = nodes.iter().enumerate().filter(|(_, node)| !node.run_id.is_empty());
    let mut by_id: HashMap<&str, usize> = HashMap::new();
    for (place, node) in named {
        by_id.entry(&node.run_id).or_insert(place);
    }
    let parent = |place: usize| {
        let origin = nodes[place].origin.as_ref()?;
        by_id.get(&*origin.run_id).copied().filter(|parent| *parent != place)
    };
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); nodes.len()];
    for place in 0..nodes.len() {
        if let Some(parent) = parent(place) {
            children[parent].push(place);
        }
    }
    let step = |place: &usize| nodes[*place].origin.as_ref().map_or(0, |origin| origin.step);
    for branches in &mut children {
        branches.sort_by_key(step);
    }

    let mut is_placed = vec![false; nodes.len()];
    let mut families = Vec::new();
    // Files may say that runs branched off each other in a circle; whoever is left then begins a tree.
    let roots = (0..nodes.len()).filter(|place| parent(*place).is_none());
    for root in roots.chain(0..nodes.len()) {
        let mut family = Vec::new();
        let mut open = vec![Row {
            node: root,
            parent: None,
            depth: 0,
        }];
        while let Some(row) = open.pop() {
            if std::mem::replace(&mut is_placed[row.node], true) {
                continue;
            }
            let branches = children[row.node].iter().rev().map(|child| Row {
                node: *child,
                parent: Some(row.node),
                depth: row.depth + 1,
            });
            open.extend(branches);
            family.push(row);
        }
        families.push(family);
    }
    let is_wanted = |family: &Vec<Row>| family.iter().any(|row| nodes[row.node].is_wanted);
    families.retain(|family| family.len() > 1 || is_wanted(family));
    families.sort_by_key(|family| !is_wanted(family));
    families.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(run_id: &str, origin: Option<(&str, u32)>) -> Node {
        Node {
            run_id: run_id.to_owned(),
            origin: origin.map(|(run_id, step)| Origin {
                run_id: run_id.to_owned(),
                step,
            }),
            is_wanted: false,
        }
    }

    fn told(nodes: &[Node]) -> Vec<(&str, usize)> {
        let rows = rows(nodes).into_iter();
        rows.map(|row| (&*nodes[row.node].run_id, row.depth)).collect()
    }

    #[test]
    fn branches_should_follow_their_parent_by_the_step_they_left_at() {
        let nodes = [
            node("late", Some(("root", 12))),
            node("twig", Some(("early", 20))),
            node("early", Some(("root", 4))),
            node("alone", None),
            node("root", None),
        ];
        assert_eq!(told(&nodes), [("root", 0), ("early", 1), ("twig", 2), ("late", 1)]);
        assert_eq!(rows(&nodes)[1].parent, Some(4));
    }

    #[test]
    fn families_of_the_wanted_should_come_first() {
        let mut nodes = [
            node("a", None),
            node("b", Some(("a", 1))),
            node("c", None),
            node("d", None),
        ];
        nodes[3].is_wanted = true;
        assert_eq!(told(&nodes), [("d", 0), ("a", 0), ("b", 1)]);
    }

    #[test]
    fn a_branch_of_a_run_that_is_gone_should_begin_a_tree() {
        let nodes = [node("b", Some(("gone", 3))), node("c", Some(("b", 5)))];
        assert_eq!(told(&nodes), [("b", 0), ("c", 1)]);
    }

    #[test]
    fn circles_namesakes_and_the_nameless_should_do_no_harm() {
        let circle = [node("a", Some(("b", 1))), node("b", Some(("a", 2)))];
        assert_eq!(told(&circle), [("a", 0), ("b", 1)]);
        let itself = [node("a", Some(("a", 1))), node("x", Some(("a", 1)))];
        assert_eq!(told(&itself), [("a", 0), ("x", 1)]);
        let twice = [node("a", None), node("a", None), node("b", Some(("a", 1)))];
        assert_eq!(told(&twice), [("a", 0), ("b", 1)]);
        assert_eq!(told(&[node("", None), node("b", Some(("", 1)))]), []);
    }
}
