use manage::Result;
use manage::axum::Router;
use manage::server::Site;

#[manage::router]
fn urls(_site: &Site) -> Result<Router<Site>> {
    Ok(Router::new())
}

fn main() {}
