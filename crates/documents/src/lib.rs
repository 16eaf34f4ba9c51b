//! Printed matter: tags, statements, pay slips.
