#!/bin/sh
# The image of the blog beside one of Django: the sizes, and the time from `docker run` to the first answered request.
# Both wait for the same PostgreSQL, which is ready, apply their migrations (there are none left) and serve a page with a query.
#
#   manage/benches/containers.sh [ROUNDS]
#
# Needed: Docker Engine, curl, and the images of app/tests/docker/base-images.sh. It builds the blog in its release profile.
set -eu

here=$(cd "$(dirname "$0")/../.." && pwd)
rounds=${1:-10}
tmp=$(mktemp -d)
network=manage-bench-$$
# Without BuildKit, which newer clients only have as a plugin.
export DOCKER_BUILDKIT=0

end() {
    docker ps --quiet --all --filter "network=$network" | xargs -r docker rm --force --volumes >/dev/null
    docker network rm "$network" >/dev/null 2>&1 || true
    rm -rf "$tmp"
}
trap end EXIT
trap 'exit 130' INT TERM

build() {
    docker build --quiet --network=host --tag "$1" --file "$2" "$3" >/dev/null
}

# The smallest project with a model, a page that queries it, and gunicorn, all of Debian's packages.
mkdir -p "$tmp/django/blog/migrations"
cd "$tmp/django"
cat >Dockerfile <<'DOCKERFILE'
FROM debian:bookworm-slim
RUN apt-get update && apt-get install --yes --no-install-recommends python3-django python3-psycopg2 gunicorn \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /srv
COPY . .
RUN python3 manage.py makemigrations blog
USER 1000:1000
CMD ["sh", "-c", "python3 manage.py wait && python3 manage.py migrate && exec gunicorn --workers 2 --bind 0.0.0.0:8000 wsgi"]
DOCKERFILE
cat >settings.py <<'PYTHON'
import os

SECRET_KEY = "a benchmark"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "urls"
INSTALLED_APPS = ["blog"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": os.environ.get("POSTGRES_HOST"),
        "NAME": "django",
        "USER": "app",
        "PASSWORD": "app",
    }
}
PYTHON
cat >urls.py <<'PYTHON'
from django.http import HttpResponse
from django.urls import path

from blog.models import Article


def index(request):
    return HttpResponse("".join(f"<h2>{article.title}</h2>" for article in Article.objects.order_by("-id")[:20]))


urlpatterns = [path("", index)]
PYTHON
cat >wsgi.py <<'PYTHON'
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
application = get_wsgi_application()
PYTHON
cat >manage.py <<'PYTHON'
import os
import sys

from django.core.management import execute_from_command_line

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
execute_from_command_line(sys.argv)
PYTHON
mkdir -p blog/management/commands
touch blog/__init__.py blog/migrations/__init__.py blog/management/__init__.py blog/management/commands/__init__.py
cat >blog/models.py <<'PYTHON'
from django.db import models


class Article(models.Model):
    title = models.CharField(max_length=200)
PYTHON
cat >blog/management/commands/wait.py <<'PYTHON'
import time

from django.core.management.base import BaseCommand
from django.db import OperationalError, connection


class Command(BaseCommand):
    def handle(self, *args, **options):
        while True:
            try:
                return connection.ensure_connection()
            except OperationalError:
                time.sleep(1)
PYTHON

echo "building the images"
build manage-bench-django Dockerfile .
build manage-bench-scratch "$here/Dockerfile" "$here"
sed 's/^FROM scratch/FROM debian:bookworm-slim/' "$here/Dockerfile" >"$tmp/debian"
build manage-bench-debian "$tmp/debian" "$here"
for image in scratch debian django; do
    docker image inspect --format "$image: {{.Size}} bytes" "manage-bench-$image"
done

docker network create "$network" >/dev/null
docker run --detach --network "$network" --name "$network-db" --network-alias db \
    --env POSTGRES_USER=app --env POSTGRES_PASSWORD=app postgres:18 >/dev/null
until docker exec "$network-db" psql --host 127.0.0.1 --username app --quiet --command 'CREATE DATABASE django' 2>/dev/null; do
    sleep 1
done

# Prints the milliseconds until the first answer.
start_up() {
    start=$(date +%s%N)
    container=$(docker run --detach --network "$network" --env POSTGRES_HOST=db --env POSTGRES_USER=app \
        --env POSTGRES_PASSWORD=app --env MANAGE_SERVER_ALLOWED_HOSTS='*' "manage-bench-$1")
    address=$(docker inspect --format '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' "$container")
    until curl --silent --fail --output /dev/null "http://$address:8000/"; do
        sleep 0.01
    done
    echo "$((($(date +%s%N) - start) / 1000000))"
    docker rm --force "$container" >/dev/null
}

for image in scratch django; do
    # The first one migrates.
    start_up $image >/dev/null
done
round=0
while [ $round -lt "$rounds" ]; do
    for image in scratch django; do
        start_up $image >>"$tmp/$image.times"
    done
    round=$((round + 1))
done
for image in scratch django; do
    echo "$image: $(sort -n "$tmp/$image.times" | sed -n "$((rounds / 2 + 1))p") ms to the first answer, the median of $rounds rounds"
done
