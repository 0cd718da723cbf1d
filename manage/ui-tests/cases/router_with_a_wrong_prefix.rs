use manage::Result;
use manage::axum::Router;
use manage::server::Site;

#[manage::router(prefix = "shop/")]
fn urls(_site: &Site) -> Result<Router> {
    Ok(Router::new())
}

fn main() {}
