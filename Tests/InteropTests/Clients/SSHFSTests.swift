import Foundation
import TestSupport
import Testing

/// What people do in a directory that is mounted with `sshfs`: out-of-order writes, rewrites, and everything by many
/// names.
@Suite(.serialized, .enabled(if: Mount.obstacle == nil, "nothing can be mounted here: \(Mount.obstacle ?? "")"))
struct SSHFSTests {
    private let client: Interop
    private let mount: Mount

    init() throws {
        client = try Interop("sshfs")
        mount = try Mount(client)
    }

    private func version() throws -> String { try client.version("sshfs", ["--version"], name: "SSHFS") }

    @Test func ordinaryFileWork() throws {
        try mount.sh(
            """
            mkdir -p a/b/c
            echo one > a/one
            for i in 1 2 3 4 5; do echo "line $i" >> a/lines; done
            test "$(wc -l < a/lines)" = 5
            cp -p a/lines a/copy
            cmp a/lines a/copy
            mv a/copy a/b/c/moved
            mv a/b renamed
            test "$(tail -n 1 renamed/c/moved)" = "line 5"
            touch -d @1234567890 renamed/c/moved
            test "$(stat -c %Y renamed/c/moved)" = 1234567890
            chmod 600 a/one
            test "$(stat -c '%a %s' a/one)" = "600 4"
            df . > /dev/null
            rm -r renamed
            mkdir empty
            rmdir empty
            test "$(ls -A)" = a
            test ! -e renamed
            """)
        try client.requireStored("a/lines", Data("line 1\nline 2\nline 3\nline 4\nline 5\n".utf8))
        try client.shown(version(), "cp, mv, rm -r, mkdir, rmdir, touch, chmod, df", "appending with >>")
    }

    @Test func changesInTheMiddleOfALargeFile() throws {
        var contents = Data.random(24 << 20)
        try client.server.scratch.file("up", contents)
        try mount.sh(
            """
            cp ../up large
            cmp ../up large
            printf middle | dd of=large bs=1 seek=10000001 conv=notrunc status=none
            dd if=../up of=large bs=4096 skip=10 seek=2000 count=1 conv=notrunc status=none
            dd if=large of=../part bs=4096 skip=2000 count=1 status=none
            truncate -s 20000000 large
            truncate -s 20500000 large
            test "$(stat -c %s large)" = 20500000
            truncate -s 100000 new
            """)
        contents.replaceSubrange(10_000_001..<10_000_007, with: Data("middle".utf8))
        let block = Data(contents[40960..<45056])
        contents.replaceSubrange(8_192_000..<8_196_096, with: block)
        contents = contents.prefix(20_000_000) + Data(count: 500_000)
        try client.requireLocal("part", block)
        try client.requireLocal("mount/large", contents)
        try client.requireStored("large", contents)
        try client.requireStored("new", Data(count: 100_000))
        try client.shown(version(), "dd conv=notrunc, truncate")
    }

    @Test func git() throws {
        try client.server.scratch.file(
            "home/.gitconfig", Data("[user]\n\tname = Tester\n\temail = tester@example.org\n".utf8))
        try client.makeTree("tree")
        try mount.sh(
            """
            git init -q -b main repository
            cp -r ../tree/. repository
            cd repository
            git add .
            git commit -qm one
            for i in 1 2 3; do echo "$i" >> one; git commit -qam "change $i"; done
            git fsck --strict
            git gc -q
            git fsck --strict
            git status --porcelain
            test -z "$(git status --porcelain)"
            cd ..
            git clone -q repository ../clone
            """, seconds: 240)
        try FileManager.default.removeItem(at: client.url("clone/.git"))
        try FileManager.default.removeItem(at: client.url("mount/repository/.git"))
        try client.requireSame("clone", "mount/repository")
        try client.shown(
            version(), "git init, commit, fsck, gc, clone")
    }

    @Test func anSQLiteDatabase() throws {
        let fill = """
            with recursive n(i) as (select 1 union all select i + 1 from n where i < 1000)
            insert into rows select null, hex(randomblob(20)) from n;
            """
        try mount.sh(
            """
            sqlite3 base.db 'create table rows (id integer primary key, text); create index byText on rows (text);'
            for i in 1 2 3 4; do sqlite3 base.db "begin; \(fill) commit;"; done
            sqlite3 base.db "update rows set text = 'changed' where id % 7 = 0; delete from rows where id % 11 = 0;"
            sqlite3 base.db "begin; delete from rows; rollback;"
            test "$(sqlite3 base.db 'pragma integrity_check')" = ok
            """)
        mount.unmount()
        let again = try Mount(client)
        let run = try again.sh(
            "sqlite3 base.db 'pragma integrity_check; select count(*) from rows; vacuum; pragma integrity_check;'")
        try client.require(run.text == "ok\n3637\nok\n", "reopened: \(run.text)")
        try client.shown(version(), "an SQLite database: transactions, integrity_check, vacuum")
    }

    @Test func aSourceTreeFromAnArchive() throws {
        let sources = Checkout.path("Sources")
        try client.run("tar", ["-C", sources, "-czf", "sources.tar.gz", "."])
        try mount.sh("mkdir sources\ntar -C sources -xzf ../sources.tar.gz", seconds: 240)
        mount.unmount()
        let again = try Mount(client)
        try client.requireSame(sources, "mount/sources")
        try again.sh("tar -C sources -czf packed.tar.gz . && tar -tzf packed.tar.gz > /dev/null && rm -r sources")
        try client.shown(version(), "tar, extracting and packing a source tree")
    }

    @Test func editors() throws {
        let text = (1...2000).map { "line \($0)\n" }.joined()
        try mount.sh(
            """
            seq -f 'line %g' 1 2000 > text
            vim.tiny -es -N -u NONE -i NONE -c '1000s/line/edited/' -c 'wq' text
            vim.tiny -es -N -u NONE -i NONE -c 'set backup backupcopy=yes backupskip=' -c '1001s/line/edited/' -c 'wq' text
            sed -i 's/^line 5$/line five/' text
            printf 'saved as a whole\\n' > .text.tmp
            sync .text.tmp
            mv .text.tmp other
            printf 'once more\\n' > .text.tmp
            sync .text.tmp
            mv -f .text.tmp other
            """)
        let edited = text.replacing("line 1000\n", with: "edited 1000\n").replacing(
            "line 1001\n", with: "edited 1001\n"
        )
        .replacing("line 5\n", with: "line five\n")
        try client.requireStored("text", Data(edited.utf8))
        try client.requireStored("text~", Data(text.replacing("line 1000\n", with: "edited 1000\n").utf8))
        try client.requireStored("other", Data("once more\n".utf8))
        try client.shown(version(), "editors: vim, sed -i, writing beside and renaming over")
    }
}
