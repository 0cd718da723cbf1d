mod greet {
    use manage::prelude::*;

    pub struct Point {
        pub x: i32,
        pub y: i32,
    }

    /// Greet somebody
    #[command]
    pub fn greet(cx: &mut Context, place: Point) -> Result<()> {
        cx.line(format_args!("Hello at {}, {}!", place.x, place.y))
    }
}

fn main() {}
