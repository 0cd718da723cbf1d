//! PostgreSQL's composite types for Diesel's records, named and laid out as Diesel's tool does.

use super::sql_types::sql_type;
use crate::introspection::declared::{DeclaredColumn, DeclaredType};
use crate::settings::Backend;

/// The longest name of PostgreSQL's.
const LONGEST: usize = 63;

/// Returns the name of the type for a column, or for a field of another record.
pub(super) fn name(column: &str) -> String {
    format!("{}_RECORD", column.to_uppercase())
}

/// Returns the types that a column needs, each with its fields, those of its fields first.
pub(super) fn of_column(column: &DeclaredColumn) -> Result<Vec<(String, Vec<String>)>, String> {
    let mut types = Vec::new();
    collect(&column.sql_name, &column.ty, &mut types)?;
    Ok(types)
}

fn collect(prefix: &str, ty: &DeclaredType, types: &mut Vec<(String, Vec<String>)>) -> Result<(), String> {
    let Some(fields) = &ty.record else { return Ok(()) };
    let own = name(prefix);
    if own.len() > LONGEST {
        return Err(format!("the name {own} of its record is longer than {LONGEST} bytes"));
    }
    let mut lines = Vec::new();
    for (index, field) in fields.iter().enumerate() {
        let inner = format!("{own}_FIELD_{index}");
        collect(&inner, field, types)?;
        let ty = if field.record.is_some() {
            format!("\"{}\"{}", name(&inner), if field.is_array { "[]" } else { "" })
        } else {
            let column = DeclaredColumn {
                rust_name: inner.clone(),
                sql_name: inner,
                ty: field.clone(),
                max_length: None,
            };
            sql_type(&column, Backend::Postgres)?
        };
        lines.push(format!("\t\"FIELD_{index}\" {ty}"));
    }
    types.push((own, lines));
    Ok(())
}
