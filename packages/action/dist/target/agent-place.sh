# Part of repx-agent, repx-hand-in and repx-relay: `agent` is this machine's and this user's folder of the scheduler `local`,
# relative to the base path. Others may share the base path, and so may other machines.
agent=agent/$(uname -n | tr -c 'A-Za-z0-9._\n-' _).$(id -u)
