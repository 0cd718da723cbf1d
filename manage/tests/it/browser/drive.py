"""Drives Chromium: each line of stdin is a URL to open, or JavaScript to run after `=`.

For each line there is one line of JSON: the result of the JavaScript.
"""

import json
import sys

from selenium.common.exceptions import WebDriverException

from chromium import browser


def main():
    driver = browser()
    try:
        for line in sys.stdin:
            result = None
            try:
                if line.startswith("="):
                    result = driver.execute_script(f"return {line[1:]}")
                else:
                    driver.get(line.strip())
            except WebDriverException:
                # The page is being loaded again.
                pass
            print(json.dumps(result), flush=True)
    finally:
        driver.quit()


main()
