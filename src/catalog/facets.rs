//! Price ranges that a buyer may choose from. Pure.

/// Enough to choose from, few enough to see at once.
const RANGES: usize = 5;

/// From `min` to `max`, both included; what has no end ends the row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    pub min: i64,
    pub max: Option<i64>,
    pub count: usize,
}

/// Divides ascending prices into ranges of about as many products each, at round numbers.
pub fn ranges(prices: &[i64]) -> Vec<Range> {
    let mut edges: Vec<i64> = (1..RANGES).filter_map(|i| prices.get(prices.len() * i / RANGES)).map(|price| round(*price)).collect();
    edges.dedup();
    // An edge at or below the lowest price parts nothing from nothing.
    edges.retain(|edge| prices.first().is_some_and(|lowest| edge > lowest));
    let mut ranges = Vec::new();
    let (mut from, mut min) = (0, 0);
    for edge in edges {
        let to = prices.partition_point(|price| *price < edge);
        ranges.push(Range { min, max: Some(edge - 1), count: to - from });
        (from, min) = (to, edge);
    }
    if from < prices.len() {
        ranges.push(Range { min, max: None, count: prices.len() - from });
    }
    ranges
}

/// Down to two digits that are not zero: 46 37 becomes 46 00.
fn round(price: i64) -> i64 {
    let mut unit = 1;
    while price / unit >= 100 {
        unit *= 10;
    }
    price / unit * unit
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ranges_part_at_round_numbers() {
        let prices: Vec<i64> = (1..=10).map(|n| n * 1011).collect();
        let told: Vec<_> = ranges(&prices).iter().map(|r| (r.min, r.max, r.count)).collect();
        assert_eq!(told, [(0, Some(2999), 2), (3000, Some(4999), 2), (5000, Some(6999), 2), (7000, Some(8999), 2), (9000, None, 2)]);
        assert_eq!(ranges(&[500; 7]), [Range { min: 0, max: None, count: 7 }]);
        assert_eq!(ranges(&[]), []);
    }
    proptest! {
        #[test]
        fn every_price_is_in_one_range(mut prices in prop::collection::vec(1_i64..1_000_000_000, 0..200)) {
            prices.sort_unstable();
            let ranges = ranges(&prices);
            prop_assert_eq!(ranges.iter().map(|r| r.count).sum::<usize>(), prices.len());
            for range in ranges {
                let inside = |p: &&i64| **p >= range.min && range.max.is_none_or(|max| **p <= max);
                prop_assert_eq!(prices.iter().filter(inside).count(), range.count);
            }
        }
    }
}
