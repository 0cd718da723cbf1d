//! The documents' blocks of code.

use std::path::PathBuf;

use crate::projects::workspace;

/// A block of code, without its indent.
pub struct Block {
    /// The word behind the fence: `rust`.
    pub language: String,
    /// The file that its first line names.
    pub file: Option<PathBuf>,
    /// The lines between the fences.
    pub text: String,
}

/// Returns the blocks of a Markdown file of this checkout, in their order.
pub fn blocks(document: &str) -> Vec<Block> {
    let text = std::fs::read_to_string(workspace().join(document)).expect("a document");
    let mut blocks = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some(indent) = line.find("```") else { continue };
        let body: Vec<&str> = lines
            .by_ref()
            .take_while(|line| !line.trim_start().starts_with("```"))
            .map(|line| line.get(indent..).unwrap_or_default())
            .collect();
        let first = body.first().copied().unwrap_or_default();
        let named = ["// ", "# ", "-- "].iter().find_map(|mark| first.strip_prefix(mark));
        let file = named.and_then(|rest| rest.split([' ', ',']).next()).filter(|name| name.contains('.'));
        blocks.push(Block {
            language: line[indent + 3..].trim().to_owned(),
            file: file.map(PathBuf::from),
            text: body.join("\n") + "\n",
        });
    }
    blocks
}
