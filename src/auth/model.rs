//! Roles.
text_enum! {
    /// What a person may be. Operators and auditors belong to the platform, the others to one cooperative.
    pub enum Role {
        Operator = "operator", Auditor = "auditor", Manager = "manager", Member = "member", Agent = "agent",
    }
}
