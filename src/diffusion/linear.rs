//! Small systems of linear equations.

/// The solutions of `matrix · x = right` for `N` right sides at once, by Gauss–Jordan elimination with partial pivoting. An
/// unknown that no equation determines is left at its right side.
///
/// * `matrix`: rows, as many as columns.
/// * `right`: a row of right sides for each row of the matrix.
pub(crate) fn solve<const N: usize>(mut matrix: Vec<Vec<f64>>, mut right: Vec<[f64; N]>) -> Vec<[f64; N]> {
    let n = right.len();
    for column in 0..n {
        let largest = (column..n)
            .max_by(|a, b| matrix[*a][column].abs().total_cmp(&matrix[*b][column].abs()))
            .unwrap_or(column);
        matrix.swap(column, largest);
        right.swap(column, largest);
        let (pivot, source) = (matrix[column].clone(), right[column]);
        if pivot[column] == 0.0 {
            continue;
        }
        for row in (0..n).filter(|row| *row != column) {
            let factor = matrix[row][column] / pivot[column];
            let values = matrix[row].iter_mut().zip(&pivot);
            values.for_each(|(value, p)| *value -= factor * p);
            let values = right[row].iter_mut().zip(source);
            values.for_each(|(value, s)| *value -= factor * s);
        }
    }
    let diagonal = |i: usize| if matrix[i][i] == 0.0 { 1.0 } else { matrix[i][i] };
    let rows = right.iter().enumerate();
    rows.map(|(i, row)| row.map(|value| value / diagonal(i))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn solutions_should_satisfy_their_equations() {
        // The first pivot is 0, so rows have to be exchanged.
        let matrix = vec![vec![0.0, 2.0, 1.0], vec![1.0, -1.0, 3.0], vec![4.0, 0.5, -2.0]];
        let right = vec![[0.3, 1.0], [-0.7, 2.0], [1.1, 3.0]];
        let found = solve(matrix.clone(), right.clone());
        for (row, right) in matrix.iter().zip(&right) {
            for side in 0..2 {
                let sum: f64 = row.iter().zip(&found).map(|(a, x)| a * x[side]).sum();
                assert!((sum - right[side]).abs() < 1e-12, "{sum}, expected {}", right[side]);
            }
        }
    }
}
