"""Opens pages in Chromium and prints what axe-core finds: one line of JSON for each page and appearance.

Arguments: a directory for screenshots, then NAME=URL for each page.
"""

import json
import os
import sys

from axe_selenium_python import Axe

from chromium import browser

APPEARANCES = {
    "light": (1200, 900, "light"),
    "dark": (1200, 900, "dark"),
    "phone": (390, 844, "light"),
    "phone-dark": (390, 844, "dark"),
}

def look(driver, name, url, appearance, folder):
    width, height, scheme = APPEARANCES[appearance]
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    driver.get(url)
    errors = [entry["message"] for entry in driver.get_log("browser") if "status of" not in entry["message"]]
    shot = {"captureBeyondViewport": True}
    png = driver.execute_cdp_cmd("Page.captureScreenshot", shot)["data"]
    with open(os.path.join(folder, f"{name}-{appearance}.png"), "wb") as file:
        import base64

        file.write(base64.b64decode(png))
    # A page that is wider than its window has to be scrolled in two directions.
    wide = driver.execute_script("return document.documentElement.scrollWidth > window.innerWidth")
    # Everything that a mouse can use, the keyboard reaches, and its outline is visible.
    focus = driver.execute_script(
        """
        const found = [];
        for (const element of document.querySelectorAll("a[href], button, [tabindex]")) {
            element.focus({ focusVisible: true });
            const style = getComputedStyle(element);
            if (document.activeElement !== element || style.outlineStyle === "none") {
                found.push(element.outerHTML.slice(0, 200));
            }
        }
        return found;
        """
    )
    axe = Axe(driver)
    axe.inject()
    results = axe.run()
    violations = [
        {"id": found["id"], "nodes": [node["html"] for node in found["nodes"]]}
        for found in results["violations"]
    ]
    return {
        "page": name,
        "appearance": appearance,
        "title": driver.title,
        "passes": len(results["passes"]),
        "violations": violations,
        "errors": errors,
        "is_wide": wide,
        "without_focus": focus,
    }


def main():
    folder = sys.argv[1]
    driver = browser()
    try:
        for page in sys.argv[2:]:
            name, url = page.split("=", 1)
            for appearance in APPEARANCES:
                print(json.dumps(look(driver, name, url, appearance, folder)), flush=True)
    finally:
        driver.quit()


main()
