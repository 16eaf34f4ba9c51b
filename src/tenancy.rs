//! Whose data a query may touch. A store function of a tenant table takes a [`Scope`], so an unscoped query does not compile.
use crate::ids::CoopId;

/// One cooperative's data. Made by the authorisation extractors, or, in jobs and platform operations that already hold a row of that
/// cooperative, by [`Scope::system`]: a test lists the places that call it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope(CoopId);

impl Scope {
    /// The program itself acts for this cooperative.
    pub const fn system(coop: CoopId) -> Self {
        Self(coop)
    }
    /// A signed-in person whose membership was checked: for `auth` only.
    pub(crate) const fn granted(coop: CoopId) -> Self {
        Self(coop)
    }
    pub const fn coop(self) -> CoopId {
        self.0
    }
}
