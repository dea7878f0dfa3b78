# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# nginx as a real server.
# shellcheck disable=SC2154 # shared with lib.sh

# start_nginx N LISTEN...: on server N, with these "listen" directives. Standard
# input holds the other directives of the server block.
start_nginx() {
	local n=$1 dir=$T/s$1

	mkdir "$dir"
	cat >"$dir/conf" <<-END
		daemon off;
		master_process off;
		user root;
		pid $dir/pid;
		error_log $dir/log;
		events { worker_connections 4096; }
		http {
			access_log off;
			client_body_temp_path $dir/body;
			proxy_temp_path $dir/proxy;
			fastcgi_temp_path $dir/fastcgi;
			uwsgi_temp_path $dir/uwsgi;
			scgi_temp_path $dir/scgi;
			server {
				$(printf 'listen %s; ' "${@:2}")
				$(cat)
			}
		}
	END
	srv "$n" nginx -c "$dir/conf" &
	wait_for 20 test -s "$dir/pid"
}
